"""Tests of the checks, of what explains what, and of the cures."""
