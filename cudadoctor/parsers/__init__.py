"""Text → frozen values, pure: one module for each kind of text. Each `parse` finds its form inside other text."""
