"""Published tables with their sources, and the questions that they answer."""
