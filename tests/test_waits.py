"""Every wait on the machine has a limit: files are opened and programs started in the rooms that see to that."""

from __future__ import annotations

import ast
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "cudadoctor"
ROOMS = ("host/", "executor/", "files.py", "probes/child/", "smoke/child.py")
"""`host` reads regular files alone and gives programs a time limit; a probe that hangs in the kernel is left behind."""
FILES = {
    "open",
    "listdir",
    "scandir",
    "walk",
    "stat",
    "lstat",
    "readlink",
    "unlink",
    "replace",
    "rename",
    "mkdir",
    "access",
}
KNOWN = {
    ("cli/console.py", "open"): "os.devnull, in place of a standard stream that is closed",
    ("cli/diagnose.py", "open"): "the text that the user names, opened without waiting",
}
"""Calls elsewhere, and why each may be."""


def calls(tree: ast.Module) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        target = node.func
        if isinstance(target, ast.Name) and target.id == "open":
            found.add("open")
        elif isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name):
            if target.value.id == "os" and target.attr in FILES:
                found.add(target.attr)
            elif target.value.id == "subprocess":
                found.add(f"subprocess.{target.attr}")
    return found


def test_files_and_programs_are_asked_for_in_few_rooms() -> None:
    found = {
        (name, call)
        for path in PACKAGE.rglob("*.py")
        if not (name := path.relative_to(PACKAGE).as_posix()).startswith(ROOMS)
        for call in calls(ast.parse(path.read_text(encoding="utf-8")))
    }
    assert found == set(KNOWN)


def test_the_host_starts_programs_in_one_place() -> None:
    starters = {
        path.name
        for path in (PACKAGE / "host").rglob("*.py")
        if any(call.startswith("subprocess.") for call in calls(ast.parse(path.read_text(encoding="utf-8"))))
    }
    assert starters == {"early.py", "remote.py", "agent.py"}, "the last two reach another machine, and run there"
