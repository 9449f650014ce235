"""Changes files, safely."""
