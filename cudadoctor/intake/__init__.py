"""Pasted text → the parsers that the probes use → facts with gaps, and symptoms."""
