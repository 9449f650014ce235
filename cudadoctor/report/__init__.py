"""The report: what was found, and the verdict in one sentence."""
