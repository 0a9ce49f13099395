"""Looking at models: pictures of what they learnt and where they err."""
