"""`python -m cudadoctor`."""

from __future__ import annotations

from cudadoctor.cli.app import main

if __name__ == "__main__":
    main()
