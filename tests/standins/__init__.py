"""Separate programs and libraries that stand in for NVIDIA's. See README.md."""
