"""torch itself."""
