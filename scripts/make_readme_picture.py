#!/usr/bin/env python3
"""Makes docs/report.svg, the picture in the README: a report of a planted machine, as a terminal shows it.

    scripts/make_readme_picture.py           write it
    scripts/make_readme_picture.py --check   exit 1 where the report is no longer the one in the picture

The plain text of the report stands in the picture's description, for those who do not see it; `--check` compares that,
so that another version of Rich, which draws the picture, does not matter.
"""

from __future__ import annotations

import argparse
import html
import io
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "report.svg"
MACHINE = "ubuntu2204-rtx3090-470-torch23"
WIDTH = 88

FRAME = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg"
  role="img" xml:space="preserve">
<desc>DESCRIPTION</desc>
<style>
.{unique_id}-matrix {{ font-family: "Fira Code", "DejaVu Sans Mono", Menlo, Consolas, monospace;
  font-size: {char_height}px; line-height: {line_height}px; }}
.{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def report(*, color: bool) -> str:
    """The report of the planted machine."""
    sys.path.insert(0, str(ROOT))
    from cudadoctor.api import examine as api
    from cudadoctor.render.report.text import render
    from cudadoctor.render.text_draw import Look
    from tests.machines.builder import build
    from tests.machines.catalogue import CATALOGUE

    examined = api.examine_host(build(CATALOGUE[MACHINE].machine), api.Request())
    return render(examined, Look(width=WIDTH, color=color))


def picture() -> str:
    """The picture, without the fonts from other people's servers that Rich would name."""
    from rich.console import Console
    from rich.text import Text

    plain = report(color=False)
    width = max(WIDTH, *(len(line) for line in plain.splitlines())) + 1
    console = Console(record=True, width=width, file=io.StringIO(), force_terminal=True, _environ={})
    console.print(Text.from_ansi(report(color=True).rstrip("\n")), no_wrap=True, overflow="ignore", crop=False)
    frame = FRAME.replace("DESCRIPTION", html.escape(plain.strip(), quote=False).replace("{", "{{").replace("}", "}}"))
    drawn = console.export_svg(title="cudadoctor check", code_format=frame, unique_id="report")
    return "\n".join(line.rstrip() for line in drawn.splitlines()) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="compare and write nothing")
    if not parser.parse_args().check:
        PICTURE.write_text(picture(), encoding="utf-8")
        return 0
    there = PICTURE.read_text(encoding="utf-8") if PICTURE.exists() else ""
    described = re.search(r"<desc>(.*?)</desc>", there, re.DOTALL)
    if described is None or html.unescape(described.group(1)) != report(color=False).strip():
        print(f"{PICTURE.relative_to(ROOT)} is out of date: run scripts/make_readme_picture.py", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
