"""Carries out one step."""
