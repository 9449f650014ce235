"""Builds the cure of one finding: one module for each kind of cure."""
