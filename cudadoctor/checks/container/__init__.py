"""What a container was given."""
