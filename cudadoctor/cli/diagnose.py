"""`cudadoctor diagnose`."""

from __future__ import annotations

import os
import stat
import sys
from typing import Annotated

import typer

from cudadoctor.cli import check, console, formats, options
from cudadoctor.errors import CudaDoctorError

_MOST = 16 << 20
"""Bytes of all the texts that are read; what is left out is said in the report."""
_CHUNK = 1 << 20
FilesArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[FILE]...", help="Files with the pasted text. `-` or nothing: standard input.", show_default=False
    ),
]


def diagnose(
    context: typer.Context,
    files: FilesArgument = None,
    select: check.SelectOption = None,
    ignore: check.IgnoreOption = None,
    fail_on: check.FailOnOption = "error",
    strict: check.StrictOption = False,
    format_name: check.FormatOption = None,
    json: options.Json = False,
    output: options.Output = None,
    color: options.ColorOption = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = 0,
    version: options.HiddenVersion = False,  # noqa: ARG001
) -> int:
    """Read a pasted report and say which fault it is.

    Takes collect_env, nvidia-smi in any form, nvcc, conda and pip lists, tracebacks, kernel logs, shell variables,
    docker command lines: in any mixture, cut, quoted, wrapped or in Markdown. Nothing of this machine is looked at.
    """
    shared = options.common(context, quiet=quiet, verbose=verbose, color=color)
    form = formats.chosen(formats.ReportFormat, format_name, json=json)
    from cudadoctor.api import examine as api

    text, left_out = _texts(files or ["-"])
    report = api.diagnose(text, left_out=left_out, select=options.words(select), ignore=options.words(ignore))
    for crash in report.crashed:
        console.note(f"check {crash.code} {crash.name} crashed, a bug in cudadoctor: {crash.error}")
    check.write(report, form, shared, output, fail_on)
    return check.exit_code(report, fail_on, strict=strict)


def text_of(name: str) -> bytes:
    """One text; `-` for standard input. Raises CudaDoctorError."""
    text, left_out = _read(name, _MOST)
    if left_out:
        console.note(f"{name}: only its first {_MOST >> 20} MiB are read")
    return text


def _texts(names: list[str]) -> tuple[bytes, bool]:
    """All the texts, one after the other, and whether some was left out. Raises CudaDoctorError."""
    parts: list[bytes] = []
    room = _MOST
    left_out = False
    for name in names:
        data, more = _read(name, room)
        if len(names) > 1 and data.startswith((b"\xff\xfe", b"\xfe\xff")):
            data = data.decode("utf-16", "replace").encode("utf-8")
        parts.append(data)
        room -= len(data)
        left_out = left_out or more
    return b"\n".join(parts), left_out


def _read(name: str, room: int) -> tuple[bytes, bool]:
    try:
        if name == "-":
            if sys.stdin is None:
                raise CudaDoctorError("cannot read standard input: it is closed")
            if sys.stdin.isatty():
                console.note("reading standard input: paste the text, then press Ctrl-D")
            return _all(sys.stdin.fileno(), room)
        descriptor = os.open(name, os.O_RDONLY | os.O_NONBLOCK | getattr(os, "O_CLOEXEC", 0))
        try:
            if stat.S_ISDIR(os.fstat(descriptor).st_mode):
                raise CudaDoctorError(f"cannot read `{name}`: it is a directory")
            os.set_blocking(descriptor, True)
            return _all(descriptor, room)
        finally:
            os.close(descriptor)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        shown = "standard input" if name == "-" else f"`{name}`"
        raise CudaDoctorError(f"cannot read {shown}: {why}") from error


def _all(descriptor: int, room: int) -> tuple[bytes, bool]:
    """At most `room` bytes, and whether there was more."""
    parts: list[bytes] = []
    while room > 0:
        part = os.read(descriptor, min(_CHUNK, room))
        if not part:
            return b"".join(parts), False
        parts.append(part)
        room -= len(part)
    return b"".join(parts), bool(os.read(descriptor, 1))
