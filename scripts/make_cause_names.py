#!/usr/bin/env python3
"""Makes the type `Cause`: the name of every check, so that the type checker rejects a name that no check has.

scripts/make_cause_names.py           write cudadoctor/checks/engine/names.py
scripts/make_cause_names.py --check   exit 1 where it is not what the checks give
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "cudadoctor" / "checks" / "engine" / "names.py"
HEAD = '''"""The name of every check, as a type. Made by scripts/make_cause_names.py, for type checking only."""

from typing import Literal

Cause = Literal[
'''


def text() -> str:
    """What the file should hold."""
    sys.path.insert(0, str(ROOT))
    from cudadoctor.checks.engine import registry

    names = sorted(one.name for one in registry.all_checks())
    return HEAD + "".join(f'    "{name}",\n' for name in names) + "]\n"


def main() -> int:
    """Write the file, or compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    wanted = text()
    if not parser.parse_args().check:
        FILE.write_text(wanted, encoding="utf-8")
        return 0
    if FILE.is_file() and FILE.read_text(encoding="utf-8") == wanted:
        return 0
    print(f"{FILE.relative_to(ROOT)} is out of date: run scripts/make_cause_names.py", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
