"""What a fresh process may import: start-up time is a feature."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {
    "torch",
    "psutil",
    "pydantic",
    "asyncio",
    "importlib.metadata",
    "concurrent.futures",
    "numpy",
    "pip",
    "pkg_resources",
}


def loaded(*arguments: str) -> set[str]:
    """Names of the modules that the command imported. It may end with 0 or 1."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "cudadoctor", *arguments],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode in (0, 1), done.stderr[-2000:]
    names = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    assert "typer" in names, "the list of imports is not there"
    return names


@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ("check", "--help"), ("install", "--help")])
def test_help_loads_nothing_heavy(arguments: tuple[str, ...]) -> None:
    names = loaded(*arguments)
    assert not names & (HEAVY | {"rich", "rich.console", "cudadoctor.probes.collect", "cudadoctor.host.local"})


def test_json_report_loads_no_renderer_and_no_torch() -> None:
    names = loaded("check", "--fast", "--json")
    assert "cudadoctor.render.report.json" in names
    assert not names & (HEAVY - {"psutil"})
    assert not {name for name in names if name.split(".")[0] == "rich"}


def test_the_package_imports_nothing() -> None:
    code = "import sys; before = set(sys.modules); import cudadoctor; print(sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "['cudadoctor']"


@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ("explain", "--help")])
def test_only_the_named_command_is_built(arguments: tuple[str, ...]) -> None:
    ours = {name.removeprefix("cudadoctor.cli.") for name in loaded(*arguments) if name.startswith("cudadoctor.")}
    named = {arguments[0]} - {"--help", "--version"}
    assert {name for name in ours if "." not in name} <= {"app", "options", "console", "formats"} | named
    assert {name for name in ours if "." in name} <= {"cudadoctor.cli", "cudadoctor.errors"}
