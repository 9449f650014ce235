"""Messages that programs print, and what is read in them."""
