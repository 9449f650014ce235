"""Host → facts, one module for each part. A probe asks widely, in few rounds, and never changes anything."""
