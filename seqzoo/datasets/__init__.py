"""Data sets by name: downloads, generators and the loader of labelled data. Import the modules, not this package."""
