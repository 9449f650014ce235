"""Asks and starts programs on the machine that is changed."""
