"""The shared libraries that torch loads: which file, from where, and why."""
