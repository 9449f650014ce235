"""The plan of `fix`: from a report's root causes to steps, as data. Nothing here acts."""
