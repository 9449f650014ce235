"""Which packages are installed, what a step added, and how just that is removed again."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Literal

from cudadoctor.executor.files.target import Refused
from cudadoctor.executor.system import processes
from cudadoctor.executor.system.machine import Machine, NoProgram, asking

Family = Literal["dpkg", "rpm"]
_SECONDS = 60.0
_QUERIES: dict[Family, tuple[str, ...]] = {
    "dpkg": ("dpkg-query", "-W", "-f", "${db:Status-Abbrev}\t${binary:Package}\t${Version}\n"),
    "rpm": ("rpm", "-qa", "--qf", "ii\t%{NAME}.%{ARCH}\t%{EPOCHNUM}:%{VERSION}-%{RELEASE}\n"),
}
_DPKG = ("apt-get", "apt", "aptitude", "dpkg", "ubuntu-drivers")
_RPM = ("dnf", "yum", "rpm", "zypper")
LEFTOVER = "-"
"""Stands for the version of a package that was removed and left its configuration files."""


def program_of(argv: Sequence[str]) -> str:
    """The program behind `env NAME=value …`, without its path."""
    words = [word for word in argv if "=" not in word] if argv and argv[0].rpartition("/")[2] == "env" else list(argv)
    names = [word.rpartition("/")[2] for word in words]
    return next((name for name in names if name != "env"), "")


def family_of(argv: Sequence[str]) -> Family | None:
    """Whose database a program changes; None: neither's that is known here."""
    name = program_of(argv)
    return "dpkg" if name in _DPKG else "rpm" if name in _RPM else None


def named(argv: Sequence[str]) -> tuple[str, ...]:
    """The packages that an `install` names, without version and architecture; files are none."""
    words = list(argv)
    if "install" not in words:
        return ()
    rest = [word for word in words[words.index("install") + 1 :] if not word.startswith("-") and "/" not in word[:1]]
    return tuple(re.split(r"[=:/]", word, maxsplit=1)[0] for word in rest)


def installed(family: Family, machine: Machine) -> dict[str, str]:
    """Name and version of every package. Raises Refused where the database cannot be asked."""
    try:
        wanted = asking(_QUERIES[family], machine)
        answer = processes.ask(wanted.argv, wanted.env, seconds=_SECONDS)
    except (OSError, NoProgram) as error:
        raise Refused(f"the installed packages are not known: {error}") from error
    rows = [line.split("\t") for line in answer.text.splitlines()]
    rows = [row for row in rows if len(row) == 3]
    if answer.returncode is None or (answer.returncode != 0 and not rows):
        raise Refused(f"the installed packages are not known: {answer.last or f'{wanted.name} does not answer'}")
    # The second letter is the present state: i installed, c configuration files are left, n not there (dpkg-query(1)).
    found = {row[1]: row[2] for row in rows if row[0][1:2] not in ("n", "c", "")}
    return {**{row[1]: LEFTOVER for row in rows if row[0][1:2] == "c"}, **found}


def half_installed(machine: Machine) -> tuple[str, ...]:
    """Packages whose unpacking was broken off: dpkg does not configure them, nor remove some of them as they are."""
    try:
        wanted = asking(("dpkg-query", "-W", "-f", "${db:Status-Abbrev}\t${binary:Package}\n"), machine)
        answer = processes.ask(wanted.argv, wanted.env, seconds=_SECONDS)
    except (OSError, NoProgram):
        return ()
    rows = [line.split("\t") for line in answer.text.splitlines()]
    # The second letter is H for half-installed, the third R for "must be installed anew" (dpkg-query(1)).
    return tuple(row[1] for row in rows if len(row) == 2 and (row[0][1:2] == "H" or row[0][2:3] == "R"))


def added(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[str, ...]:
    """What is there now and was not."""
    there = {name for name, version in before.items() if version != LEFTOVER}
    return tuple(sorted(name for name, version in after.items() if version != LEFTOVER and name not in there))


def changed(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[str, ...]:
    """What has another version now: `name (1.0, now 1.1)`."""
    return tuple(
        f"{name} ({version}, now {after[name]})"
        for name, version in sorted(before.items())
        if LEFTOVER not in (version, after.get(name, version)) and after.get(name, version) != version
    )


def removal(
    family: Family, names: Sequence[str], leftover: Sequence[str], machine: Machine
) -> tuple[tuple[str, ...], ...]:
    """The programs that remove just these. Raises Refused where others would go with them.

    `leftover`: those of them whose configuration files were there before; these are left.
    """
    others = _would_go(family, names, machine)
    if others:
        shown = ", ".join(others[:5]) + (f" and {len(others) - 5} more" if len(others) > 5 else "")
        raise Refused(f"{', '.join(names)}: left installed, as {shown} would be removed with them")
    if family == "rpm":
        return (("dnf", "remove", "-y", "--setopt=clean_requirements_on_remove=False", "--", *names),)
    front = ("env", "DEBIAN_FRONTEND=noninteractive", "apt-get")
    whole = [name for name in names if name not in leftover]
    parts = [name for name in names if name in leftover]
    runs = [(*front, "purge", "-y", "--", *whole)] if whole else []
    return (*runs, *([(*front, "remove", "-y", "--", *parts)] if parts else []))


def _would_go(family: Family, names: Sequence[str], machine: Machine) -> tuple[str, ...]:
    asked: tuple[str, ...] = ("apt-get", "-s", "purge", "--", *names)
    if family == "rpm":
        asked = ("rpm", "-e", "--test", "--", *names)
    try:
        wanted = asking(asked, machine)
        answer = processes.ask(wanted.argv, wanted.env, seconds=_SECONDS)
    except (OSError, NoProgram) as error:
        raise Refused(f"{', '.join(names)}: left installed: {error}") from error
    if answer.returncode != 0:
        raise Refused(f"{', '.join(names)}: left installed: {answer.last or f'{wanted.name} fails'}")
    if family == "rpm":
        return ()
    going = re.findall(r"^(?:Remv|Purg) (\S+)", answer.text, flags=re.MULTILINE)
    mine = {name.partition(":")[0] for name in names}
    return tuple(sorted({name for name in going if name.partition(":")[0] not in mine}))
