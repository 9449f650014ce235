"""The seam to a machine: the only package that opens files or starts programs (the executor aside)."""
