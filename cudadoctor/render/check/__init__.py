"""Draws a check's page: one module a format."""
