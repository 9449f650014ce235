"""What the smoke tests found; only `smoke` asks these."""
