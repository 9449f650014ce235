"""Reports as text and JSON. Each renderer only draws: it asks nothing and decides nothing."""
