"""Planted machines as real files and programs, examined by the real command line."""
