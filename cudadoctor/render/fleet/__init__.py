"""Draws the comparison of a fleet: one module a format."""
