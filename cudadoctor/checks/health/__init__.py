"""The state of a working GPU."""
