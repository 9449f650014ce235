"""A plan: what to do in which order, how to see that it is done, and how it is taken back. Data; nothing here acts.

`install` and `fix` make plans, the executor carries them out, and the renderers print them: all from this alone, so
that a script that was printed does what `--apply` does.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import Literal, get_args

from msgspec import Struct
from msgspec.structs import replace

from cudadoctor.compat.source import Source
from cudadoctor.remedies.rc.model import LineEdit

PackageManager = Literal["apt", "dnf", "yum", "zypper", "pacman", "rpm-ostree"]
PACKAGE_SOURCES: frozenset[str] = frozenset(get_args(PackageManager))
"""In `PlanStep.network`: whatever the sources of that package manager name."""
Safety = Literal["safe", "system", "manual"]
"""safe: reversible, one environment or one of the user's own files. system: root, packages. manual: only shown."""


class Run(Struct, frozen=True, kw_only=True, tag_field="action", tag="run"):
    """A program to run."""

    argv: tuple[str, ...]
    why: str
    safety: Safety
    needs_root: bool = False

    @property
    def kind(self) -> Literal["run"]:
        """For JSON and for reading."""
        return "run"


class WriteFile(Struct, frozen=True, kw_only=True, tag_field="action", tag="write"):
    """A file to change; `text` is what it should hold at that place."""

    path: str
    text: str
    why: str
    safety: Safety = "safe"
    needs_root: bool = False
    before: str | None = None
    """SHA-256 of the bytes that the step was planned from, "" for a file that was not there; None: not looked at.
    The executor writes only where the file still is that."""
    delete: bool = False
    """Take the file away instead, where it holds nothing of anybody else's."""

    @property
    def kind(self) -> Literal["write"]:
        """For JSON and for reading."""
        return "write"


class Tell(Struct, frozen=True, kw_only=True, tag_field="action", tag="tell"):
    """Something that only a person can do."""

    text: str
    safety: Safety = "manual"
    needs_root: bool = False

    @property
    def kind(self) -> Literal["tell"]:
        """For JSON and for reading."""
        return "tell"


class Prints(Struct, frozen=True, kw_only=True, tag_field="kind", tag="prints"):
    """A program ends with 0 and, where `text` is given, prints that alone (white space at the ends aside)."""

    argv: tuple[str, ...]
    text: str | None = None


class Exists(Struct, frozen=True, kw_only=True, tag_field="kind", tag="exists"):
    """There is something of that kind at the path; links are followed."""

    path: str
    what: Literal["file", "directory", "executable"] = "file"


class HasHash(Struct, frozen=True, kw_only=True, tag_field="kind", tag="hash"):
    """A file holds the bytes that have this hash."""

    path: str
    digest: str
    """In hexadecimal, lower case."""
    algorithm: Literal["sha256", "md5"] = "sha256"


class AllOf(Struct, frozen=True, kw_only=True, tag_field="kind", tag="all"):
    """Every one of them holds."""

    conditions: tuple[Condition, ...]


Condition = Prints | Exists | HasHash | AllOf
"""What can be looked at by a program, by `--apply` and by a shell script alike. Looking changes nothing."""


class Fetch(Struct, frozen=True, kw_only=True, tag_field="action", tag="fetch"):
    """A file to download, or to copy from one that the user has."""

    url: str
    """`https://…`; `file:///…` for one that is on this machine already."""
    path: str
    """Where it is to lie. It appears there only when it is whole and its hash is right."""
    digest: str | None
    """What it must hash to; None: nothing was published to compare with, and the step says so."""
    algorithm: Literal["sha256", "md5"] = "sha256"
    why: str
    size_mib: int | None = None
    safety: Safety = "safe"
    needs_root: bool = False

    @property
    def kind(self) -> Literal["fetch"]:
        """For JSON and for reading."""
        return "fetch"


Action = Run | WriteFile | Tell | Fetch

QUIET = ("env", "DEBIAN_FRONTEND=noninteractive")
"""apt-get and dpkg ask nothing: nobody is there to answer (debconf(7))."""


class PlanStep(Struct, frozen=True, kw_only=True):
    """One step of a plan."""

    id: str
    """`toolkit-install`: lower case, digits and `-`; unique in its plan."""
    title: str
    """A few words: the progress line."""
    why: str
    action: Action
    needs: tuple[str, ...] = ()
    """Ids of steps that must be done before. The order of a plan's steps fulfils them."""
    network: tuple[str, ...] = ()
    """Names of hosts that it speaks to; `apt`, `dnf` … for whatever the manager's sources name.
    Empty: none."""
    disk_mib: int = 0
    """MiB that it takes, at most, at `disk_at`; an estimate where its source says so."""
    disk_at: str | None = None
    reboot: bool = False
    """What it does counts only after a reboot."""
    done_when: Condition | None = None
    """None: it is always run (a test, an update of lists). A WriteFile and a Fetch with a digest know by themselves."""
    packages: bool = False
    """A run of apt-get or dnf that installs: what it newly installed is written down, and `undo` removes just that."""
    makes: tuple[str, ...] = ()
    """Directories and files that come to be by it: `undo` removes those that were not there before. They are removed
    before a second try too, where a try was broken off."""
    touches: tuple[str, ...] = ()
    """Files that it changes on the side (`~/.bashrc` by `conda init`): kept before, and given back by `undo`."""
    undo: tuple[Run, ...] = ()
    """Programs that take it back, before `makes` and `touches` are."""
    lasting: str | None = None
    """Why it cannot be taken back, or what stays of it; told by `undo`."""
    beside_edits: bool = False
    """Advice of a cure that still holds where `fix` corrects the lines of start-up files that the cure is about."""
    by_name: bool = False
    """Not safe enough to be done unasked: shown, and done only where the user names it."""
    source: Source | None = None

    @property
    def safety(self) -> Safety:
        """That of its action."""
        return self.action.safety

    @property
    def needs_root(self) -> bool:
        """Whether its action does."""
        return self.action.needs_root

    @property
    def manual(self) -> bool:
        """Only shown, never done."""
        return isinstance(self.action, Tell) or self.action.safety == "manual"


ByHand = Run | WriteFile | Tell
"""What a person can do with the words of a report."""


class Remedy(Struct, frozen=True, kw_only=True):
    """The cure of one finding."""

    summary: str
    """One sentence, as an order: "Install the driver, then reboot"."""
    steps: tuple[PlanStep, ...] = ()
    edits: tuple[LineEdit, ...] = ()
    """The lines of start-up files that it is about; `fix` writes them anew where it can, in place of the steps."""
    needs_sudo: bool = False
    """Its reader is not root, and some of its programs are root's."""

    @property
    def actions(self) -> tuple[ByHand, ...]:
        """What its steps do, as a person would do it."""
        note = (ADMIN_NOTE,) if self.needs_sudo else ()
        return (*(by_hand(step.action) for step in self.steps), *note)


ADMIN_NOTE = Tell(
    text="Steps with sudo need administrator rights; if you have none, ask your administrator to run them."
)
"""Beside the steps of a user who is not root."""


def by_hand(action: Action) -> ByHand:
    """The action as a person types it: apt may ask, and a download is a program."""
    if isinstance(action, Fetch):
        folder = posixpath.dirname(action.path)
        where = () if folder in ("", ".") else ("-P", folder)
        return Run(argv=("wget", *where, action.url), why=action.why, safety=action.safety)
    if isinstance(action, Run) and action.argv[: len(QUIET)] == QUIET:
        return replace(action, argv=action.argv[len(QUIET) :])
    return action


class For(Struct, frozen=True, kw_only=True):
    """What a plan is for."""

    command: Literal["install", "fix"]
    request: tuple[tuple[str, str], ...] = ()
    """What was asked, by name: `("cuda", "10.1")`."""
    findings: tuple[str, ...] = ()
    """Ids of the findings that it cures."""


class Image(Struct, frozen=True, kw_only=True):
    """What a Dockerfile of the plan starts from."""

    base: str
    """`nvidia/cuda:12.6.3-base-ubuntu24.04`, `ubuntu:24.04`."""
    why: str
    manager: PackageManager = "apt"
    """The package manager in it."""
    python: str = "python3"
    """Its Python that is new enough for torch."""


class Plan(Struct, frozen=True, kw_only=True):
    """What to do on one machine for one user."""

    purpose: For
    title: str
    """One line: "torch 2.13.0 with CUDA 12.6 in the environment /home/me/torch"."""
    steps: tuple[PlanStep, ...] = ()
    notes: tuple[str, ...] = ()
    """What to know before."""
    impossible: str | None = None
    """Why what was asked cannot be had on this machine; the steps are then what works instead, or none."""
    home: str | None = None
    """The home directory that the paths were made for."""
    uid: int | None = None
    """For whom: 0 needs no sudo."""
    image: Image | None = None
    """None: not known, and there is no Dockerfile of it."""
    enter: tuple[str, ...] = ()
    """The words that enter the environment when all is done, in the user's shell; empty: there is none to enter."""
    new_shell: bool = False
    """They are known to a new shell only."""

    def step(self, wanted: str) -> PlanStep | None:
        """The step of that id."""
        return next((one for one in self.steps if one.id == wanted), None)


def problems(plan: Plan) -> Iterator[str]:
    """What is wrong with a plan as such: ids that repeat, needs that come later or never."""
    seen: set[str] = set()
    for step in plan.steps:
        if step.id in seen:
            yield f"{step.id} stands twice"
        for need in step.needs:
            if need not in seen:
                yield f"{step.id} needs {need}, which does not stand before it"
        seen.add(step.id)


def brings(step: PlanStep, path: str) -> bool:
    """Whether the step is to bring just this to be, as opposed to a cache that may be there before."""
    argv = step.action.argv if isinstance(step.action, Run) else ()
    if any(word == path or word.endswith(f"={path}") for word in argv):
        return True
    return step.done_when is not None and any(
        one == path or one.startswith(f"{path}/") for one in _paths_of(step.done_when)
    )


def _paths_of(condition: Condition) -> Iterator[str]:
    if isinstance(condition, AllOf):
        for one in condition.conditions:
            yield from _paths_of(one)
    elif isinstance(condition, (Exists, HasHash)):
        yield condition.path
