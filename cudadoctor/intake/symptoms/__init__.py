"""Known error messages: one module of rows for each area, and the search over all of them."""
