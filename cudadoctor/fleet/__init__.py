"""Many machines: their names, asking them side by side, and what differs between those that should be equal."""
