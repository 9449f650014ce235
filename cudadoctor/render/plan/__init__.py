"""Draws plans: one module a format."""
