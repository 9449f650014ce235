"""`python -m cudadoctor`, and the `cudadoctor` command."""

from __future__ import annotations

import gc
import os
import sys
from typing import NoReturn


def main() -> NoReturn:
    """Run, and end at once."""
    # A run is short and ends by `os._exit`: looking for cycles among what is only loaded took a quarter of its time.
    gc.disable()
    restore_environment()
    try:
        if sys.argv[1:2] == ["check"]:
            from cudadoctor.host import early

            early.start(sys.argv[2:], os.environ)
        from cudadoctor.cli import app
    except KeyboardInterrupt:  # while all this is imported; later the application sees to it
        if "cudadoctor.host.early" in sys.modules:
            sys.modules["cudadoctor.host.early"].end_all()
        os._exit(130)
    app.main()


def restore_environment() -> None:
    """Take back the variables that scripts/cudadoctor kept from this Python; the loader reads its own at the start."""
    prefix = "CUDADOCTOR_CALLER_"
    for name in [name for name in os.environ if name.startswith(prefix)]:
        os.environ[name.removeprefix(prefix)] = os.environ.pop(name)


if __name__ == "__main__":
    main()
