"""What a change does to a file, as lines that a person reads before it is made."""

from __future__ import annotations


def difference(path: str, before: bytes | None, after: bytes | None) -> tuple[str, ...]:
    """A unified diff; None stands for a file that is not there. Empty where nothing changes."""
    from difflib import unified_diff

    if before == after:
        return ()
    found: list[str] = []
    old, new = "/dev/null" if before is None else path, "/dev/null" if after is None else path
    for line in unified_diff(_lines(before), _lines(after), old, new, n=2, lineterm=""):
        text, ends, _ = line.partition("\n")
        found.append(text)
        if not ends and not line.startswith(("---", "+++", "@@")):
            found.append("\\ No newline at end of file")
    return tuple(found) or (f"--- {old}", f"+++ {new}")


def _lines(data: bytes | None) -> list[str]:
    text = (data or b"").decode("utf-8", "surrogateescape")
    rows = text.split("\n")
    return [f"{row}\n" for row in rows[:-1]] + ([rows[-1]] if rows[-1] else [])
