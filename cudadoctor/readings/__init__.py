"""Parsed values → facts: what a probe and a paste have in common, so that they cannot differ."""
