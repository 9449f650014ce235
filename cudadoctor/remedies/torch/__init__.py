"""Steps that replace torch in an environment."""
