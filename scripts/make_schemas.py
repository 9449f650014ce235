#!/usr/bin/env python3
"""Writes the JSON schemas in docs/ from the classes that list the keys. `--check`: say whether they are up to date."""

from __future__ import annotations

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from cudadoctor.render.schema import DOCUMENTS, schema  # noqa: E402


def main(arguments: list[str]) -> int:
    """The exit status: 1 where `--check` finds a file that is out of date."""
    stale = []
    for name in DOCUMENTS:
        path = ROOT / "docs" / f"{name}.schema.json"
        text = json.dumps(schema(name), indent=2) + "\n"
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            stale.append(path)
            if "--check" not in arguments:
                path.write_text(text, encoding="utf-8")
    for path in stale:
        print(f"{path.relative_to(ROOT)}: {'out of date' if '--check' in arguments else 'written'}")
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
