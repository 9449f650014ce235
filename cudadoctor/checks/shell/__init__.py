"""Variables and search paths."""
