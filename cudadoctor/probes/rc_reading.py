"""Which rc files the user's shell reads, in which order, and what their lines do to the search paths."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec.structs import replace

from cudadoctor.facts.shell import RcEffect, RcElement, RcLine
from cudadoctor.parsers import rc_context, rc_follow
from cudadoctor.probes import similar

LISTS = {"PATH": ":", "LD_LIBRARY_PATH": ":;"}
"""Search paths and what divides their elements (the loader takes `;` too: ld.so(8))."""
_BASH_LOGIN = (".bash_profile", ".bash_login", ".profile")

Judge = Callable[[str, str], "tuple[bool | None, str | None]"]
"""Variable and directory → whether it exists, and which one was probably meant."""


def reading_order(shell: str | None, home: str | None, zdotdir: str | None, files: Sequence[str]) -> list[str] | None:
    """Those of `files` that the shell reads by itself, as a login shell and as an interactive one; None: not known.

    bash(1), zsh(1), tcsh(1): INVOCATION or "Startup and shutdown"; fish: conf.d, then config.fish.
    """
    if shell is None or home is None:
        return None
    name = {"rbash": "bash", "csh": "tcsh", "dash": "sh", "ksh": "sh", "mksh": "sh", "ksh93": "sh"}.get(shell, shell)
    system = [path for path in files if path.startswith(("/etc/environment", "/etc/security"))]
    profile = [path for path in files if path == "/etc/profile" or re.match(r"/etc/profile\.d/.*\.sh\Z", path)]
    own = {path: path.removeprefix(f"{home}/") for path in files}

    def here(*names: str, base: str = home) -> list[str]:
        return [path for wanted in names for path in files if path == posixpath.join(base, wanted)]

    if name == "bash":
        order = [*profile, *here(*_BASH_LOGIN)[:1], *_of(files, "/etc/bash.bashrc", "/etc/bashrc"), *here(".bashrc")]
    elif name == "zsh":
        system_zsh = [path for path in files if re.match(r"/etc/(zsh/)?z\w+\Z", path)]
        order = [*system_zsh, *here(".zshenv", ".zprofile", ".zshrc", ".zlogin", base=zdotdir or home)]
    elif name == "fish":
        order = [path for path in files if "/fish/conf.d/" in path] + [path for path in files if "config.fish" in path]
    elif name == "tcsh":
        first = here(".tcshrc") or here(".cshrc")
        order = [path for path in files if path.startswith("/etc/csh") or path.endswith(".csh")]
        order = [*order, *first, *here(".login")]
    elif name == "sh":
        order = [*profile, *here(".profile", ".kshrc", ".mkshrc")]
    else:
        return None
    session = [path for path in files if "/environment.d/" in path or own[path] == ".pam_environment"]
    return list(dict.fromkeys([*system, *session, *order]))


def sources(text: str, dialect: str, home: str | None) -> tuple[str, ...]:
    """The files that an rc file reads, where their names can be followed."""
    if not re.search(r"\bsource\b|(?:^|[\s;&|])\.\s", text):
        return ()
    variables = {"HOME": home}
    found = (rc_follow.plain(written, variables.get) for written in rc_context.context(text, dialect).sources)
    return tuple(dict.fromkeys(posixpath.normpath(path) for path in found if path and path.startswith("/")))


def with_sourced(order: list[str] | None, sourced: Mapping[str, tuple[str, ...]]) -> list[str] | None:
    """The order, with the files that are read from others in front of the rest of these."""
    if order is None:
        return None
    complete: list[str] = []

    def add(path: str, above: tuple[str, ...]) -> None:
        if path in complete or path in above or len(above) > 10:
            return
        for other in sourced.get(path, ()):
            add(other, (*above, path))
        complete.append(path)

    for path in order:
        add(path, ())
    return complete


def _of(files: Iterable[str], *names: str) -> list[str]:
    return [path for path in files if path in names]


def followed(
    lines: Sequence[RcLine], order: Sequence[str] | None, home: str | None, env: Mapping[str, str], judge: Judge
) -> tuple[RcLine, ...]:
    """The lines with their effects. Those that the shell reads are followed in its order, the others file by file."""
    place = {path: number for number, path in enumerate(order or ())}
    effects: dict[tuple[str, int, str, str], RcEffect] = {}
    known: dict[str, str | None] = {}
    current: str | None = None
    for line in sorted(lines, key=lambda one: (place.get(one.file, len(place)), one.file, one.line)):
        if line.file != current and line.file not in place:
            known = {}  # a file of another shell stands for itself
        current = line.file

        def lookup(name: str) -> str | None:
            if name == "HOME":
                return home
            return known[name] if name in known else env.get(name)  # noqa: B023  used within this turn

        if line.variable in LISTS:
            divider = LISTS[line.variable]
            before = known.get(line.variable) if line.variable in known else _inherited(line.variable)
            effect, after = rc_follow.follow(line.value, line.variable, before, lookup, divider)
            if not line.conditional:
                known[line.variable] = after
            adds = tuple(_judged(line.variable, element, judge) for element in effect.adds)
            effects[line.file, line.line, line.variable, line.value] = replace(effect, adds=adds)
        else:
            known[line.variable] = rc_follow.plain(line.value, lookup)
    there = dict.fromkeys(one.text.rstrip("/") for effect in effects.values() for one in effect.adds if one.exists)
    return tuple(
        replace(line, effect=_with_siblings(effects.get((line.file, line.line, line.variable, line.value)), there))
        for line in lines
    )


def _with_siblings(effect: RcEffect | None, there: Iterable[str]) -> RcEffect | None:
    """What was meant may also be a directory that another line names rightly."""
    if effect is None or all(one.exists is not False or one.suggestion for one in effect.adds):
        return effect
    return replace(effect, adds=tuple(_sibling(one, there) for one in effect.adds))


def _sibling(element: RcElement, there: Iterable[str]) -> RcElement:
    if element.exists is not False or element.suggestion:
        return element
    return replace(element, suggestion=similar.meant(element.text, there))


def _inherited(variable: str) -> str | None:
    """What a login starts with: PATH is always set, LD_LIBRARY_PATH is not."""
    return "/usr/bin:/bin" if variable == "PATH" else None


def _judged(variable: str, element: RcElement, judge: Judge) -> RcElement:
    exists, suggestion = judge(variable, element.text)
    return replace(element, exists=exists, suggestion=suggestion)
