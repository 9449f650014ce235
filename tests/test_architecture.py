"""Who may import whom. The direction is the design: it holds for imports inside functions too."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "cudadoctor"
MODULES = sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))

ALLOWED: dict[str, set[str]] = {
    "": set(),
    "__main__": {"cli", "host.early"},
    "errors": set(),
    "files": set(),
    "versions": set(),
    "host": {"errors", "files"},
    "demo": {"errors"},
    "fleet": {"facts", "errors"},
    "facts": {"versions"},
    "parsers": {"facts", "versions"},
    "compat": {"versions"},
    "readings": {"parsers", "facts", "compat", "versions"},
    "probes": {"host", "parsers", "readings", "facts", "compat", "versions", "errors"},
    "intake": {"parsers", "readings", "facts", "compat", "versions", "errors"},
    "checks": {"facts", "compat", "versions", "errors"},
    "recommend": {"facts", "compat", "versions", "errors"},
    "shells": {"versions", "errors"},
    "remedies": {"checks", "facts", "compat", "recommend", "shells", "versions", "errors"},
    "executor": {"remedies.plan", "errors", "files"},
    "report": {"checks", "facts", "compat", "recommend", "remedies", "shells", "versions"},
    "render": {
        *("checks", "compat.source", "facts", "fleet.compare", "recommend.model", "remedies.plan", "report"),
        *("versions", "errors"),
    },
    "smoke": {"host", "facts"},
    "cli": {"api", "demo", "remedies.plan", "render", "report", "errors", "files"},
}
"""Part → the parts that it may import besides itself. `api` may import all but cli and render."""

LIBRARY = ("api",)
"""May import everything but what prints."""
NOT_YET: dict[str, str] = {}
"""Start of a module's name → what it still imports against the table."""

ONLY_IN = {
    "torch": ("probes/child/", "smoke/child.py"),
    "rich": (
        "render/report/text",
        "render/plan/text",
        "render/check/text",
        "render/fleet/text",
        "render/text_draw",
        "cli/",
    ),
    "typer": ("cli/",),
    "psutil": ("host/",),
    "subprocess": ("host/", "probes/child/", "executor/"),
    "ctypes": ("host/", "probes/child/", "smoke/child.py"),
}
PURE = (
    *("checks", "parsers", "readings", "intake", "compat", "recommend"),
    *("facts", "versions", "report", "remedies", "render"),
)
NOT_PURE = {"os", "subprocess", "pathlib", "shutil", "socket", "glob", "tempfile", "psutil", "torch", "platform"}
PACKAGED = ("compat/", "intake/messages/")
"""Read the data that the package brings along."""
NO_CALLS = {"open", "print", "input", "exec", "eval", "__import__"}


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def text_of(name: str) -> str:
    return (PACKAGE / name).read_text(encoding="utf-8")


def part_of(name: str) -> str:
    return "" if name == "__init__.py" else name.split("/", maxsplit=1)[0].removesuffix(".py")


def imports(text: str) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything that a module imports, wherever it does."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: a relative import"
            yield node.lineno, node.module or ""
            for alias in node.names:
                yield node.lineno, f"{node.module}.{alias.name}"


def violations(name: str, text: str) -> Iterator[str]:
    part = part_of(name)
    for line, wanted in imports(text):
        first, _, rest = wanted.partition(".")
        if first == "cudadoctor":
            head = rest.split(".")[0]
            library = part in LIBRARY and head not in ("cli", "render")
            if not rest or rest == "__version__" or head == part or library:
                continue
            is_part = (PACKAGE / head).is_dir() or (PACKAGE / f"{head}.py").is_file()
            if is_part and not any(rest == one or rest.startswith(f"{one}.") for one in ALLOWED.get(part, set())):
                if any(one.startswith(f"{rest}.") for one in ALLOWED.get(part, set())):
                    continue  # `from cudadoctor.remedies import steps` shows up once more, whole
                if any(name.startswith(start) and rest.startswith(what) for start, what in NOT_YET.items()):
                    continue
                yield f"{name}:{line}: {part} may not import {wanted}"
        elif first in ONLY_IN and not name.startswith(ONLY_IN[first]):
            yield f"{name}:{line}: {first} is for {', '.join(ONLY_IN[first])} only"
        elif part in PURE and (
            first in NOT_PURE or (wanted == "importlib.resources" and not name.startswith(PACKAGED))
        ):
            yield f"{name}:{line}: {part} does no I/O and may not import {wanted}"


def impure_calls(text: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in NO_CALLS:
            yield f"line {node.lineno}: {node.func.id}()"


def test_there_is_something_to_look_at() -> None:
    assert len(MODULES) > 30
    assert {part_of(name) for name in MODULES} - set(LIBRARY) <= set(ALLOWED)


@pytest.mark.parametrize("name", MODULES)
def test_imports_go_one_way(name: str) -> None:
    assert list(violations(name, text_of(name))) == []


@pytest.mark.parametrize("name", [name for name in MODULES if part_of(name) in PURE])
def test_pure_parts_call_nothing_that_reads_or_prints(name: str) -> None:
    assert list(impure_calls(text_of(name))) == []


def test_the_package_itself_imports_nothing() -> None:
    assert list(imports(text_of("__init__.py"))) == []


@pytest.mark.parametrize(
    ("name", "line", "count"),
    [
        ("checks/driver/x.py", "import os", 1),
        ("checks/driver/x.py", "from cudadoctor.host.local import LocalHost", 2),
        ("facts/x.py", "from cudadoctor import checks", 1),
        ("probes/x.py", "import torch.cuda", 1),
        ("render/report/json.py", "from rich.text import Text", 2),
        ("render/report/text.py", "from rich.text import Text", 0),
        ("render/report/text.py", "from cudadoctor.remedies.plan import Run", 0),
        ("render/report/text.py", "from cudadoctor.remedies.find import remedy_for", 2),
        ("cli/x.py", "from cudadoctor.probes.collect import collect", 2),
        ("api/examine.py", "from cudadoctor.cli import app", 2),
        ("host/local.py", "import psutil, subprocess", 0),
    ],
)
def test_the_table_catches_what_it_is_for(name: str, line: str, count: int) -> None:
    """A forbidden import inside a function is seen too."""
    assert len(list(violations(name, f"def f():\n    {line}\n"))) == count
