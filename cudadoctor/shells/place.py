"""Which file a shell reads, for which kind of session. Pure: what exists is told."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Mapping
from typing import Literal

from msgspec import Struct

from cudadoctor.shells.dialects import SHELLS, Shell

Session = Literal["interactive", "login", "all"]


class Home(Struct, frozen=True, kw_only=True):
    """The places that a user's files are in."""

    home: str
    zdotdir: str
    config: str
    """XDG_CONFIG_HOME."""

    @classmethod
    def of(cls, env: Mapping[str, str], home: str) -> Home:
        """From the user's environment. A relative directory is ignored, as the XDG specification has it."""

        def named(variable: str, default: str) -> str:
            value = env.get(variable, "")
            return value if value.startswith("/") else default

        return cls(
            home=home, zdotdir=named("ZDOTDIR", home), config=named("XDG_CONFIG_HOME", posixpath.join(home, ".config"))
        )


class Place(Struct, frozen=True, kw_only=True):
    """The file for the block."""

    path: str
    own: bool = False
    """A file of cudadoctor's alone: it goes when the block goes."""
    reads: str
    """Which sessions read it."""


_LOGIN_BASH = (".bash_profile", ".bash_login", ".profile")
"""A login bash reads the first of these that exists, and no other (bash(1), INVOCATION)."""


def candidates(shell: Shell, home: Home) -> tuple[str, ...]:
    """Every file of that shell in which the block may lie."""
    if shell == "bash":
        return tuple(posixpath.join(home.home, name) for name in (".bashrc", *_LOGIN_BASH))
    if shell == "zsh":
        return tuple(posixpath.join(home.zdotdir, name) for name in (".zshenv", ".zprofile", ".zshrc", ".zlogin"))
    if shell == "fish":
        return (posixpath.join(home.config, "fish/conf.d/cudadoctor.fish"),)
    if shell == "tcsh":
        return tuple(posixpath.join(home.home, name) for name in (".tcshrc", ".cshrc", ".login"))
    return (posixpath.join(home.home, ".profile"),)


def every_candidate(home: Home) -> tuple[str, ...]:
    """Those of all shells, each once."""
    return tuple(dict.fromkeys(path for shell in SHELLS for path in candidates(shell, home)))


def place(shell: Shell, session: Session, home: Home, existing: Collection[str]) -> Place:
    """The file for that shell and kind of session; `existing` holds those of `candidates` that are there.

    bash reads ~/.bashrc for every interactive shell and, unlike the others, for commands that sshd starts.
    """

    def here(name: str) -> str:
        return posixpath.join(home.zdotdir if shell == "zsh" else home.home, name)

    def first(*names: str) -> str:
        return next((here(name) for name in names if here(name) in existing), here(names[-1]))

    if shell == "fish":
        return Place(path=candidates("fish", home)[0], own=True, reads="every fish")
    if shell == "tcsh":
        if session == "login":
            return Place(path=here(".login"), reads="login tcsh")
        # With a ~/.tcshrc, tcsh does not read ~/.cshrc.
        path = here(".cshrc") if here(".cshrc") in existing and here(".tcshrc") not in existing else here(".tcshrc")
        return Place(path=path, reads="every tcsh")
    if shell == "zsh":
        names = {"interactive": ".zshrc", "login": ".zprofile", "all": ".zshenv"}
        reads = {"interactive": "interactive zsh", "login": "login zsh", "all": "every zsh"}
        return Place(path=here(names[session]), reads=reads[session])
    if shell == "bash" and session != "login":
        return Place(path=here(".bashrc"), reads="interactive bash, and commands over ssh")
    if shell == "bash":
        return Place(path=first(*_LOGIN_BASH), reads="login bash")
    return Place(path=here(".profile"), reads="login shells")
