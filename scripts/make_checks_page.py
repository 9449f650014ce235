#!/usr/bin/env python3
"""Makes docs/checks.md, the catalogue of all checks with their pages, and the table of areas in README.md.

scripts/make_checks_page.py           write them
scripts/make_checks_page.py --check   exit 1 where one of them is no longer what the checks say
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

if TYPE_CHECKING:
    from cudadoctor.checks.engine.base import Check

PAGE = ROOT / "docs" / "checks.md"
README = ROOT / "README.md"
BEGIN, END = "<!-- checks: begin -->", "<!-- checks: end -->"
AREAS = (
    ("HW", "GPU on the PCI bus"),
    ("DRV", "kernel module and driver"),
    ("DEV", "device nodes"),
    ("NVS", "nvidia-smi and NVML"),
    ("VIRT", "MIG, MPS, vGPU, NVSwitch"),
    ("HLTH", "health of the GPU"),
    ("PERF", "clocks and temperature"),
    ("WSL", "Windows Subsystem for Linux"),
    ("OS", "distribution and kernel"),
    ("APT", "packages and repositories"),
    ("CT", "containers"),
    ("LD", "dynamic loader"),
    ("TK", "CUDA toolkit"),
    ("CC", "host compiler"),
    ("ENV", "environment variables"),
    ("SH", "shell and its files"),
    ("HPC", "clusters"),
    ("CON", "conda"),
    ("PY", "Python and packages"),
    ("CL", "cuDNN, NCCL and other libraries"),
    ("JET", "Jetson"),
    ("GB", "unified memory"),
    ("TB", "torch builds and companions"),
    ("TR", "torch and CUDA at run time"),
    ("SEC", "security"),
    ("CI", "CI runners"),
    ("SM", "smoke tests"),
)


def area_of(code: str) -> str:
    """The letters of a code."""
    return code.rstrip("0123456789")


def by_area(checks: tuple[Check, ...]) -> list[tuple[str, str, list[Check]]]:
    """Letters, title and checks of each area that has any; an area without a title is an error of this script."""
    known = dict(AREAS)
    missing = sorted({area_of(one.code) for one in checks} - set(known))
    if missing:
        sys.exit(f"make_checks_page: no title for {', '.join(missing)}: add it to AREAS")
    grouped = [(letters, title, [one for one in checks if area_of(one.code) == letters]) for letters, title in AREAS]
    return [row for row in grouped if row[2]]


def catalogue() -> str:
    """docs/checks.md."""
    from cudadoctor.api import examine as api
    from cudadoctor.checks.engine.docs import page
    from cudadoctor.render.check.text import sections

    checks = api.check_list()
    lines = [
        "# What cudadoctor knows",
        "",
        "Made by `scripts/make_checks_page.py` from the checks; `cudadoctor explain NAME` prints the same pages.",
        "",
        f"{len(checks)} checks. The severity is the usual one: what it is on a machine, the report says.",
        "",
    ]
    for letters, title, rows in by_area(checks):
        lines += [f"## {letters}: {title}", "", "| code | name | severity | |", "|---|---|---|---|"]
        lines += [
            " | ".join(
                (f"| {one.code}", f"[`{one.name}`](#{one.code.lower()}-{one.name})", one.severity.word, _summary(one))
            )
            + " |"
            for one in rows
        ]
        lines.append("")
    lines += ["# Pages", ""]
    for one in checks:
        parts = page(one.doc)
        lines += [f"### {one.code} {one.name}", "", f"*{one.severity.word}.* {parts.summary}", ""]
        for heading, text in sections(one):
            lines += [f"**{heading}.** {_markdown(text)}", ""]
        lines += ["**Sources.** " + " · ".join(f"<{url}>" for url in parts.sources), ""]
    return "\n".join(lines).rstrip() + "\n"


def _markdown(text: str) -> str:
    """Plain words with code in backticks, as Markdown: outside of code nothing is a tag or an emphasis."""
    parts = text.split("`")
    parts[::2] = [re.sub(r"(?<!\w)_|[<*]", lambda found: f"\\{found.group()}", part) for part in parts[::2]]
    return "`".join(parts)


def _summary(check: Check) -> str:
    from cudadoctor.checks.engine.docs import page

    return page(check.doc).summary.replace("|", "\\|")


def readme() -> str:
    """README.md with the table of areas between its markers."""
    from cudadoctor.api import examine as api

    checks = api.check_list()
    text = README.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        sys.exit(f"make_checks_page: README.md lacks {BEGIN} or {END}")
    rows = [f"| {title} | {len(found)} | `{letters}` |" for letters, title, found in by_area(checks)]
    table = "\n".join(["| area | checks | codes |", "|---|---|---|", *rows, f"| all | {len(checks)} | |"])
    return f"{before}{BEGIN}\n{table}\n{END}{after}"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="compare and write nothing")
    check = parser.parse_args().check
    stale = 0
    for path, text in ((PAGE, catalogue()), (README, readme())):
        there = path.read_text(encoding="utf-8") if path.exists() else ""
        if there == text:
            continue
        if check:
            print(f"{path.relative_to(ROOT)} is out of date: run scripts/make_checks_page.py", file=sys.stderr)
            stale = 1
        else:
            path.write_text(text, encoding="utf-8")
    return stale


if __name__ == "__main__":
    sys.exit(main())
