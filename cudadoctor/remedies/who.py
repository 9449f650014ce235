"""Fits a cure to whoever reads it: what needs root is no step for one who has none.

The builders say what is to be done. Who can do it, and where, is decided here for all of them alike.
"""

from __future__ import annotations

import shlex
from typing import Literal

from msgspec.structs import replace

from cudadoctor.facts.base import Facts
from cudadoctor.remedies import machine
from cudadoctor.remedies.plan import PlanStep, Remedy, Run, Tell, WriteFile, by_hand

Reader = Literal["root", "sudo", "user", "cluster", "image", "nixos", "ostree", "unknown"]
"""root; sudo: may become root; user: may not; cluster: a user of one; image: a user inside a container; nixos and
ostree: systems whose packages are not changed by hand; unknown: leave the cure as it is."""

_ADMINISTRATORS = ("sudo", "wheel", "admin", "root")
_OSTREE = ("bazzite", "bluefin", "aurora", "silverblue", "kinoite", "fedora-coreos", "rhcos", "ucore")
_JOBS = ("SLURM_", "PBS_JOBID", "LSB_JOBID")
_MODULES = ("LMOD_CMD", "MODULESHOME")
_PACKAGES = ("apt-get", "apt", "dnf", "yum", "zypper", "pacman", "dkms", "ubuntu-drivers", "update-initramfs", "dracut")
_ASK = {
    "user": "You are not in the group sudo, wheel or admin, so this is for your administrator (or for you with root's "
    "password). Send them:",
    "cluster": "On a cluster this is for its administrators. Send them:",
    "image": "Needs root in the container: put it into its image (Dockerfile, before USER), or ask who builds it:",
    "nixos": "NixOS keeps no change that is made by hand. Say it in configuration.nix, then `nixos-rebuild switch`. On "
    "other systems it would be:",
    "ostree": "This system's packages come as an image: use `rpm-ostree install`, or rebase to the variant with "
    "NVIDIA's driver, then reboot. On other systems it would be:",
}
_SUMMARY = {
    "user": "Ask your administrator: ",
    "cluster": "Ask the cluster's administrators: ",
    "image": "In the container's image: ",
}
_TITLES = {
    "user": "ask your administrator",
    "cluster": "ask the cluster's administrators",
    "image": "put it into the container's image",
    "nixos": "say it in configuration.nix",
    "ostree": "use rpm-ostree",
}
_GONE = PlanStep(
    id="",
    title="put it into the image, too",
    why="",
    action=Tell(text="What is installed in a running container is gone with it: put it into its image, too."),
)


def reader(facts: Facts) -> Reader:
    """Who reads the cure, as far as the facts tell."""
    os = facts.os
    if os is None or os.uid is None:
        return "cluster" if machine.shared_node(facts) else "unknown"
    kind: Reader
    if os.container is not None:
        kind = "root" if os.uid == 0 else "image"
    elif machine.family(facts) == "nixos":
        kind = "nixos"
    elif os.id in _OSTREE:
        kind = "ostree"
    elif os.uid == 0:
        kind = "root"
    elif any(group in _ADMINISTRATORS for group in os.groups):
        kind = "sudo"
    elif on_cluster(facts):
        kind = "cluster"
    elif not os.groups or any(group.isdigit() for group in os.groups) or machine.family(facts) == "suse":
        kind = "unknown"  # openSUSE's sudo asks for root's password, whatever the group
    else:
        kind = "user"
    return kind


def on_cluster(facts: Facts) -> bool:
    """A batch system's commands are here, or this is one of its jobs."""
    if facts.limits is not None and facts.limits.scheduler is not None:
        return True
    named = facts.shell.variables if facts.shell is not None else {}
    return any(name.startswith(_JOBS) for name in named)


def asking(kind: Reader) -> str:
    """How a message to whoever has root begins."""
    return _ASK.get(kind, _ASK["user"])


def fit(remedy: Remedy, facts: Facts, code: str = "") -> Remedy:
    """The cure for this reader. One that needs no root is left as it is."""
    who = reader(facts)
    steps = _modules(remedy.steps, facts, code) if who == "cluster" else remedy.steps
    rooted = [step for step in steps if step.needs_root]
    runs = any(not isinstance(step.action, Tell) for step in rooted)
    if not rooted or who in ("sudo", "unknown"):
        return replace(remedy, steps=steps, needs_sudo=runs and facts.os is not None and bool(facts.os.uid))
    if who == "root":
        lost = runs and facts.os is not None and facts.os.container is not None
        return replace(remedy, steps=(*steps, _GONE)) if lost else remedy
    if who in ("nixos", "ostree"):
        return replace(remedy, steps=_asked(steps, who, only_packages=True))
    return replace(remedy, summary=_SUMMARY[who] + remedy.summary, steps=_asked(steps, who, only_packages=False))


def _modules(steps: tuple[PlanStep, ...], facts: Facts, code: str) -> tuple[PlanStep, ...]:
    """A cluster has compilers and toolkits as modules: no package is needed for them."""
    named = facts.shell.variables if facts.shell is not None else {}
    if code.startswith(("TK", "CC")) and any(name in named for name in _MODULES):
        look = Tell(text="`module avail cuda gcc` lists what is here already; `module load` puts it on PATH.")
        return (PlanStep(id="", title="look for a module", why="", action=look), *steps)
    return steps


def _asked(steps: tuple[PlanStep, ...], who: Reader, *, only_packages: bool) -> tuple[PlanStep, ...]:
    """Root's steps as one message to whoever has root, where the first of them stood."""
    mine: list[PlanStep] = []
    theirs: list[str] = []
    place: int | None = None
    for step in steps:
        if not step.needs_root or (only_packages and not _of_packages(step)):
            mine.append(step)
            continue
        place = len(mine) if place is None else place
        theirs.append(_words(step))
    if place is not None:
        message = Tell(text=f"{_ASK[who]} {' '.join(theirs)}")
        mine.insert(place, PlanStep(id="", title=_TITLES[who], why="", action=message))
    return tuple(mine)


def _of_packages(step: PlanStep) -> bool:
    action = by_hand(step.action)
    if isinstance(action, WriteFile):
        return action.path.startswith("/etc/")
    return isinstance(action, Run) and action.argv[0] in _PACKAGES


def _words(step: PlanStep) -> str:
    action = by_hand(step.action)
    if isinstance(action, Run):
        return f"`{shlex.join(action.argv)}` ({action.why})."
    if isinstance(action, WriteFile):
        return f"In {action.path}: `{' '.join(action.text.split())}` ({action.why})."
    return action.text
