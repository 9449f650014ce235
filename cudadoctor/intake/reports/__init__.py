"""Recognisers: one module for each kind of report that people paste, each with `recognise(draft)`."""
