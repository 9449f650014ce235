"""Proves that torch computes: tests in children that may crash and hang, watched by a parent that touches no CUDA."""
