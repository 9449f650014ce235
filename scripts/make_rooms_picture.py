#!/usr/bin/env python3
"""Draws the rooms of the package and who imports whom into CONTRIBUTING.md, from the imports themselves.

    scripts/make_rooms_picture.py           # write it
    scripts/make_rooms_picture.py --check   # say whether it is up to date; exit 1 where it is not

An arrow that another way through the picture already implies is left out: it would only hide the direction.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "cudadoctor"
PAGE = ROOT / "CONTRIBUTING.md"
BEGIN, END = "<!-- rooms: begin -->\n", "<!-- rooms: end -->\n"
PLAIN = frozenset({"", "__main__", "errors", "versions"})
"""Modules that every room may use: drawn, they would cross every other line."""


def room_of(path: Path) -> str:
    """The folder at the top that a file is in, or the module itself."""
    first = path.relative_to(PACKAGE).parts[0]
    return "" if first == "__init__.py" else first.removesuffix(".py")


def imported(path: Path) -> Iterator[str]:
    """The rooms that a module imports from, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        for name in names:
            package, _, rest = name.partition(".")
            if package == "cudadoctor" and rest and rest != "__version__":
                yield rest.split(".")[0]


def arrows() -> dict[str, set[str]]:
    """Room → the rooms that it imports from."""
    found: dict[str, set[str]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        room = room_of(path)
        if room not in PLAIN:
            found.setdefault(room, set()).update(set(imported(path)) - PLAIN - {room})
    return found


def reach(graph: dict[str, set[str]], start: str) -> set[str]:
    """All rooms on the ways that begin at a room."""
    seen: set[str] = set()
    todo = list(graph[start])
    while todo:
        room = todo.pop()
        if room not in seen:
            seen.add(room)
            todo += graph.get(room, ())
    return seen


def reduced(graph: dict[str, set[str]]) -> dict[str, set[str]]:
    """Without the arrows that a longer way implies. Raises ValueError where rooms import each other in a circle."""
    below = {room: reach(graph, room) for room in graph}
    for room, seen in below.items():
        if room in seen:
            raise ValueError(f"{room} imports itself by way of other rooms")
    return {
        room: {one for one in near if not any(one in below[other] for other in near - {one})}
        for room, near in graph.items()
    }


def floors(graph: dict[str, set[str]]) -> dict[str, int]:
    """Room → its floor: 0 for one that imports from no other."""
    out: dict[str, int] = {}

    def floor(room: str) -> int:
        if room not in out:
            out[room] = 1 + max((floor(one) for one in graph[room]), default=-1)
        return out[room]

    for room in graph:
        floor(room)
    return out


def picture() -> str:
    """The picture as Mermaid, and the count below it."""
    graph = arrows()
    level = floors(graph)
    lines = ["```mermaid", "flowchart TD"]
    for floor in sorted(set(level.values()), reverse=True):
        rooms = sorted(room for room in graph if level[room] == floor)
        lines.append(f'    subgraph floor{floor}[" "]')
        lines += [f"        {room}" for room in rooms]
        lines.append("    end")
    for room, near in sorted(reduced(graph).items()):
        lines += [f"    {room} --> {one}" for one in sorted(near)]
    lines.append("```")
    count = sum(len(near) for near in graph.values())
    text = (
        f"{len(graph)} rooms on {max(level.values()) + 1} floors, {count} arrows in all; arrows implied by a longer way"
        " are left out of the picture. Every room may also use `errors` and `versions`."
    )
    return "\n".join([*lines, "", text, ""])


def main() -> int:
    """The command."""
    old = PAGE.read_text(encoding="utf-8")
    if BEGIN not in old or END not in old:
        sys.exit(f"{PAGE.name} has no place for the picture: add the lines {BEGIN.strip()} and {END.strip()}")
    head, _, rest = old.partition(BEGIN)
    new = head + BEGIN + picture() + END + rest.partition(END)[2]
    if "--check" in sys.argv[1:]:
        if new != old:
            print(f"{PAGE.name} is out of date: run scripts/make_rooms_picture.py")
            return 1
        return 0
    PAGE.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
