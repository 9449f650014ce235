"""What loads, runs and links checks."""
