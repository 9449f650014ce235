"""Tests of the intake of pasted text."""
