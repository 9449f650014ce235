"""Whole machines that are not there: a description, and a host that answers as such a machine would."""
