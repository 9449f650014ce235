"""Pasted text."""
