"""The user's shell: variables, search paths, and the rc files that set them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from cudadoctor.facts.base import Gap
from cudadoctor.facts.shell import PathEntry, RcLine, ShellFacts
from cudadoctor.host.base import Host, Missing, Refusal, TooLarge
from cudadoctor.parsers import rc, rc_context
from cudadoctor.probes import rc_reading, similar
from cudadoctor.probes.ask import one_line
from cudadoctor.probes.base import Clock, Found, Request
from cudadoctor.probes.quiet import Quiet
from cudadoctor.probes.variables import kept, matters

_FILE_LIMIT = 1 << 19
_MOST_LINES = 2000
_MOST_FILES = 400
_NEAR_CUDA = re.compile(r"c.?u.?d.?a|cdua|ucda|cuad|nvid|cupti|hpc_sdk", re.IGNORECASE)
"""Only such directories of rc files are looked at: others may lie on a server that does not answer."""
_MOST_ENTRIES = 500
_LISTS = {"PATH": ":", "LD_LIBRARY_PATH": ":;"}
"""Search paths and what divides their elements (the loader takes `;` too: ld.so(8))."""
_HOME_FILES: tuple[tuple[str, rc.Dialect], ...] = (
    (".bashrc", "sh"),
    (".bash_profile", "sh"),
    (".bash_login", "sh"),
    (".profile", "sh"),
    (".kshrc", "sh"),
    (".mkshrc", "sh"),
    (".cshrc", "csh"),
    (".tcshrc", "csh"),
    (".login", "csh"),
    (".pam_environment", "pam"),
)
_ZSH_FILES = (".zshenv", ".zprofile", ".zshrc", ".zlogin")
_SYSTEM_FILES: tuple[tuple[str, rc.Dialect], ...] = (
    ("/etc/profile", "sh"),
    ("/etc/bash.bashrc", "sh"),
    ("/etc/bashrc", "sh"),
    ("/etc/csh.cshrc", "csh"),
    ("/etc/csh.login", "csh"),
    ("/etc/environment", "environment"),
)
_SYSTEM_GLOBS: tuple[tuple[str, rc.Dialect], ...] = (
    ("/etc/profile.d/*.sh", "sh"),
    ("/etc/profile.d/*.csh", "csh"),
    ("/etc/zsh/z*", "sh"),
    ("/etc/zshenv", "sh"),
    ("/etc/zshrc", "sh"),
    ("/etc/zprofile", "sh"),
    ("/etc/fish/config.fish", "fish"),
    ("/etc/fish/conf.d/*.fish", "fish"),
    ("/etc/environment.d/*.conf", "environment"),
)
_TOOLKIT_FOLDERS = ("", "/*", "/targets/*/lib", "/extras/CUPTI/lib64")


def probe(host: Host, request: Request, clock: Clock) -> Found[ShellFacts]:
    """The variables that matter, the entries of the search paths, and every assignment to them in rc files."""
    del request, clock
    quiet = Quiet(host)
    gaps: list[Gap] = []
    home = quiet.home
    if home is None:
        gaps.append(Gap(fact="shell.home", reason="HOME is not set and the password database does not tell"))
    login = quiet.env("SHELL")
    if login is None:
        gaps.append(Gap(fact="shell.shell", reason="SHELL is not set"))
    unreadable: list[str] = []
    files, sourced = _read_all(host, quiet, home, unreadable)
    lines = [line for path, (text, dialect) in files.items() for line in _lines(path, text, dialect)][:_MOST_LINES]
    name = one_line(posixpath.basename(login), longest=40) if login else None
    order = rc_reading.reading_order(name, home, quiet.env("ZDOTDIR"), tuple(files))
    order = rc_reading.with_sourced(order, sourced)
    existing = _toolkit_folders(quiet)  # asked before it is known to be needed: a far machine answers in rounds

    def judge(variable: str, text: str) -> tuple[bool | None, str | None]:
        if not text.startswith("/") or not _NEAR_CUDA.search(text):
            return None, None
        quiet.real(text)  # asked together with what it is: where it is a link, that saves a round
        exists = quiet.is_dir(text)
        return exists, None if exists is not False else _suggestion(quiet, variable, text, existing)

    return Found(
        value=ShellFacts(
            shell=name,
            home=home,
            variables={name: kept(name, value) for name, value in sorted(host.env.items()) if matters(name)},
            entries=tuple(_entries(quiet, existing)),
            rc_lines=rc_reading.followed(lines, order, home, host.env, judge),
            read_files=None if order is None else tuple(order),
            unreadable=tuple(unreadable),
        ),
        gaps=tuple(gaps),
    )


def _read_all(
    host: Host, quiet: Quiet, home: str | None, unreadable: list[str]
) -> tuple[dict[str, tuple[str, rc.Dialect]], dict[str, tuple[str, ...]]]:
    """The text of every rc file that is there, and of those that they read; file → the files that it reads."""
    todo = list(dict.fromkeys(_files(quiet, home)))
    files: dict[str, tuple[str, rc.Dialect]] = {}
    sourced: dict[str, tuple[str, ...]] = {}
    known = {path for path, _ in todo}
    while todo:
        path, dialect = todo.pop(0)
        text = _text(host, path, unreadable)
        if text is None:
            continue
        files[path] = (text, dialect)
        if dialect in ("sh", "fish", "csh"):
            sourced[path] = rc_reading.sources(text, dialect, home)
            todo.extend((other, dialect) for other in sourced[path] if other not in known and len(known) < _MOST_FILES)
            known.update(sourced[path])
    return files, sourced


def _files(host: Quiet, home: str | None) -> Iterator[tuple[str, rc.Dialect]]:
    """Every rc file that may be there, the user's own first."""
    if home is not None:
        for name, dialect in _HOME_FILES:
            yield posixpath.join(home, name), dialect
        zdotdir = host.env("ZDOTDIR") or home
        for name in _ZSH_FILES:
            yield posixpath.join(zdotdir, name), "sh"
        config = host.env("XDG_CONFIG_HOME") or posixpath.join(home, ".config")
        yield f"{config}/fish/config.fish", "fish"
        for path in host.glob(f"{config}/fish/conf.d/*.fish", 100):
            yield path, "fish"
        for path in host.glob(f"{config}/environment.d/*.conf", 100):
            yield path, "environment"
    yield from _SYSTEM_FILES
    for pattern, dialect in _SYSTEM_GLOBS:
        for path in host.glob(pattern, 200):
            yield path, dialect


def _text(host: Host, path: str, unreadable: list[str]) -> str | None:
    try:
        return host.read(path, limit=_FILE_LIMIT).decode("utf-8", errors="replace")
    except Missing:
        return None
    except TooLarge:
        unreadable.append(path)
        return None
    except Refusal:
        entry = Quiet(host).stat(path)
        if entry is not None and entry.kind in {"file", "link"}:
            unreadable.append(path)
        return None


def _lines(path: str, text: str, dialect: rc.Dialect) -> Iterator[RcLine]:
    found_all = rc.parse(text, dialect, matters)
    conditional = rc_context.context(text, dialect).conditional if found_all else frozenset()
    for found in found_all:
        yield RcLine(
            file=path,
            line=found.line,
            text=one_line(found.text),
            variable=found.variable,
            value=one_line(found.value, longest=2000),
            exported=found.exported,
            conditional=found.line in conditional,
        )


def _entries(host: Quiet, existing: tuple[str, ...]) -> Iterator[PathEntry]:
    """The elements of the search paths; a variable that is set to nothing has none."""
    known: dict[str, bool | None] = {"": True}  # an empty element is the current directory
    for variable, dividers in _LISTS.items():
        value = host.env(variable)
        texts = re.split(f"[{dividers}]", value)[:_MOST_ENTRIES] if value else []
        for index, text in enumerate(texts):
            if text not in known:
                # Who searches expands no tilde: it is a name like any other there.
                path = None if text.startswith("~") else host.absolute(text)
                known[text] = False if text.startswith("~") else host.is_dir(path) if path else None
            suggestion = None
            if known[text] is False:
                suggestion = _suggestion(host, variable, text, existing)
            yield PathEntry(variable=variable, index=index, text=text, exists=known[text], suggestion=suggestion)


def _toolkit_folders(host: Quiet) -> tuple[str, ...]:
    """Directories that somebody may have meant, those behind the unversioned link first."""
    bases = ("/usr/local/cuda*", "/opt/cuda*", "/usr/lib/cuda", "/usr/local/nvidia*", "/usr/lib/wsl")
    # With the slash at its end a pattern matches directories alone, links to them included.
    found = host.globs(*(f"{base}{below}/" for base in bases for below in _TOOLKIT_FOLDERS), most=400)
    return tuple(dict.fromkeys(path.rstrip("/") for path in found))


def _suggestion(host: Quiet, variable: str, text: str, existing: tuple[str, ...]) -> str | None:
    if text.startswith("~"):
        path = host.absolute(text)
        return path if path and host.is_dir(path) else None
    kind = "bin" if variable == "PATH" else "lib"
    fit = [path for path in existing if kind in posixpath.basename(path) or "cuda" in posixpath.basename(path)]
    return similar.meant(text, fit)
