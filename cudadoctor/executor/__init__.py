"""The only part that changes a machine: verify, do, undo, with a journal of what was done."""
