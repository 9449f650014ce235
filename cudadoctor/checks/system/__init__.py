"""The distribution: its release, packages, repositories and limits."""
