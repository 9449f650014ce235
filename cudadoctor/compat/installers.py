"""Installers of Anaconda, Miniconda and Miniforge for Linux, with their hashes."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from cudadoctor.compat._tables import numbers, source, table
from cudadoctor.compat.source import Source


class Installer(Struct, frozen=True, kw_only=True):
    """One installer script."""

    family: str
    """`anaconda3`, `miniconda3`, `miniforge3`, `mambaforge` and their forerunners."""
    version: str
    """`2019.10`; `latest` for the address that moves, which has no hash."""
    machine: str
    """`x86_64` or `aarch64`."""
    file: str
    url: str
    sha256: str | None
    md5: str | None
    """Where nothing better was published."""
    python: str | None
    """The Python of its base environment: `3.7`."""
    source: Source


def by_file(file: str) -> Installer | None:
    """The installer `Anaconda3-2019.10-Linux-x86_64.sh`, or None where the table does not have it."""
    return next((_installer(row) for row in table("installers")["rows"] if row[4] == file), None)


def find(family: str, version: str | None = None, machine: str = "x86_64") -> tuple[Installer, ...]:
    """The installers of a family, newest first; of one version where it is given."""
    rows = [row for row in table("installers")["rows"] if row[0] == family and row[2] == machine]
    if version is not None:
        rows = [row for row in rows if row[1] == version]
    rows.sort(key=lambda row: (numbers(row[1].replace("_", ".").replace("-", ".")), row[4]), reverse=True)
    return tuple(_installer(row) for row in rows)


def latest(family: str, machine: str = "x86_64") -> Installer | None:
    """The address of the newest installer, which moves and has no hash."""
    found = find(family, "latest", machine)
    return found[0] if found else None


def every() -> Iterator[Installer]:
    """All rows."""
    for row in table("installers")["rows"]:
        yield _installer(row)


def _installer(row: list[str]) -> Installer:
    family, version, machine, base, file, digest, kind, python = row
    return Installer(
        family=family,
        version=version,
        machine=machine,
        file=file,
        url=f"{table('installers')['bases'][int(base)]}/{file}",
        sha256=digest if kind == "sha256" else None,
        md5=digest if kind == "md5" else None,
        python=python,
        source=source("installers", "installers"),
    )
