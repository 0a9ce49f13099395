"""Memory: tasks whose targets depend on distant steps, with the networks that learn them, and their gradients."""
