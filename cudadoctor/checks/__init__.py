"""Rules: pure functions from facts to problems. No I/O in this package."""
