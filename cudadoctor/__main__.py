"""`python -m cudadoctor`, and the `cudadoctor` command."""

from __future__ import annotations

import gc
from typing import NoReturn


def main() -> NoReturn:
    """Run, and end at once."""
    # A run is short and ends by `os._exit`: looking for cycles among what is only loaded took a quarter of its time.
    gc.disable()
    from cudadoctor.cli import app

    app.main()


if __name__ == "__main__":
    main()
