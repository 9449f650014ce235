"""Known messages: the tables (`tables/*.toml`), the index made from them, and the search."""
