"""Draws reports: one module a format."""
