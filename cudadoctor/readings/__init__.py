"""Parsed values → facts, where both the probes and the intake of pasted text need it."""
