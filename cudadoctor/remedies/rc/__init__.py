"""Corrects lines of shell start-up files."""
