"""Toolkits and the host compiler."""
