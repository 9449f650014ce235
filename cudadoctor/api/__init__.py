"""The library: each command as a function, without printing."""
