"""Questions that several checks ask of the same facts."""
