"""Draws recommendations: one module a format."""
