"""Findings → what to do, as data. Builds steps; changes nothing."""
