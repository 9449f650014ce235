"""`cudadoctor tables`."""

from __future__ import annotations

import typer

from cudadoctor.cli import console, options
from cudadoctor.errors import ExitCode


def tables(
    context: typer.Context,
    json: options.Json = False,
    output: options.Output = None,
    color: options.ColorOption = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = 0,
    version: options.HiddenVersion = False,  # noqa: ARG001
) -> int:
    """List the tables that answers rest on, with their size, source and the day it was read.

    With -v: every source of each table.
    """
    shared = options.common(context, quiet=quiet, verbose=verbose, color=color)
    from cudadoctor.api import examine as api

    found = api.tables()
    if json:
        import json as json_module

        rows = [
            {
                "name": one.name,
                "rows": one.rows,
                "read_on": one.read_on or None,
                "sources": [{"title": s.title, "url": s.url, "read_on": s.read_on} for s in one.sources],
            }
            for one in found
        ]
        console.write_result(json_module.dumps(rows, indent=2, ensure_ascii=False) + "\n", output)
        return ExitCode.OK
    width = max(len(one.name) for one in found)
    lines = []
    for one in found:
        first = f"{one.sources[0].title}, {one.sources[0].url}" if one.sources else "no source named"
        lines.append(f"{one.name:<{width}}  {one.rows:>6} rows  {one.read_on or 'not dated':<10}  {first}")
        if shared.verbosity > 0:
            lines += [f"{'':<{width}}  {s.read_on}  {s.title}, {s.url}" for s in one.sources[1:]]
    console.write_result("\n".join(lines) + "\n", output)
    return ExitCode.OK
