"""Tests of many machines at once."""
