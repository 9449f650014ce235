"""A home, a state directory and small real programs for plans that are really carried out."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from cudadoctor.executor.system.machine import SYSTEM_DIRS, Machine
from cudadoctor.remedies.plan import Exists, Fetch, For, Plan, PlanStep, Run, Tell, WriteFile


class Stage:
    """Everything in one temporary folder. Stand-ins for the system's programs lie in `bin`."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.home = base / "home"
        self.home.mkdir()
        self.state = base / "state"
        self.bin = base / "bin"
        self.bin.mkdir()
        self.sudo = base / "sudo"
        self.calls = base / "calls"
        self.machine = Machine(
            env={"PATH": f"{self.bin}:/usr/bin:/bin", "HOME": str(self.home)},
            home=str(self.home),
            uid=os.geteuid(),
            state=str(self.state),
            system_dirs=(str(self.bin), *SYSTEM_DIRS),
            sudo=str(self.sudo),
            trusted=frozenset((0, os.geteuid())),
            locks=(),
        )

    def standin(self, name: str, script: str) -> Path:
        """A program; what it is called with goes into `calls`."""
        path = self.bin / name
        path.write_text(f'#!/bin/sh\nprintf "%s\\n" "{name} $*" >>{self.calls}\n{script}\n')
        path.chmod(0o755)
        return path

    def user(self, how: str = "works") -> Machine:
        """The machine of a user who is not root, with a stand-in for sudo: works, asks or refuses."""
        answers = {
            "works": '[ "$1" = -v ] && exit 0; [ "$1" = -- ] && shift; exec "$@"',
            "asks": "echo 'sudo: a password is required' >&2; exit 1",
            "refuses": "echo 'me is not in the sudoers file.' >&2; exit 1",
        }
        self.sudo.write_text(
            f'#!/bin/sh\nprintf "%s\\n" "sudo $*" >>{self.calls}\n[ "$1" = -n ] && shift\n{answers[how]}\n'
        )
        self.sudo.chmod(0o755)
        return replace(self.machine, uid=os.geteuid() or 1000)

    def called(self) -> list[str]:
        """What the stand-ins were called with."""
        return self.calls.read_text().splitlines() if self.calls.exists() else []

    def tree(self, *, without: Sequence[str] = ()) -> dict[str, object]:
        """Kind, mode and bytes of everything in the home."""
        found: dict[str, object] = {}
        for path in sorted(self.home.rglob("*")):
            name = path.relative_to(self.home).as_posix()
            if name in without:
                continue
            mode = stat.S_IMODE(path.lstat().st_mode)
            if path.is_symlink():
                found[name] = ("link", os.readlink(path))
            else:
                found[name] = ("dir", mode) if path.is_dir() else ("file", mode, path.read_bytes())
        return found

    def step(self, name: str, script: str, **more: Any) -> PlanStep:
        """Run a line of sh in the home."""
        root = more.pop("needs_root", False)
        argv = more.pop("argv", ("sh", "-c", f"cd {self.home} && {script}"))
        action = Run(argv=argv, why="test", safety="system" if root else "safe", needs_root=root)
        return PlanStep(id=name, title=f"the step {name}", why="test", action=action, **more)

    def making(self, name: str, **more: Any) -> PlanStep:
        """Make a directory of the step's name with something in it."""
        path = self.home / name
        more.setdefault("done_when", Exists(path=str(path / "whole")))
        return self.step(name, f"mkdir {path} && echo {name} >{path}/whole", makes=(str(path),), **more)


def plan(*steps: PlanStep, command: str = "install", **more: Any) -> Plan:
    purpose = For(command=command)  # type: ignore[arg-type]
    return Plan(purpose=purpose, title="a test", steps=steps, **more)


def write(name: str, path: Path, text: str, **more: Any) -> PlanStep:
    action = WriteFile(
        path=str(path), text=text, why="test", **{k: more.pop(k) for k in ("before", "delete") if k in more}
    )
    return PlanStep(id=name, title=name, why="test", action=action, **more)


def tell(name: str, **more: Any) -> PlanStep:
    return PlanStep(id=name, title=name, why="test", action=Tell(text="do it"), **more)


def fetching(name: str, url: str, path: Path, digest: str | None, **more: Any) -> PlanStep:
    return PlanStep(
        id=name, title=name, why="test", action=Fetch(url=url, path=str(path), digest=digest, why="test"), **more
    )


class Seen:
    """A watcher that writes everything down, and calls `at` at each event."""

    def __init__(self, at: Callable[[str, str], None] = lambda event, what: None) -> None:
        self.events: list[tuple[str, str]] = []
        self.lines: list[str] = []
        self.messages: list[str] = []
        self._at = at

    def begin(self, step: PlanStep, number: int, total: int) -> None:
        self._at("begin", step.id)

    def output(self, line: str) -> None:
        if len(self.lines) < 1000:
            self.lines.append(line)
        self._at("output", line)

    def end(self, step: PlanStep, outcome: str, seconds: float, message: str = "") -> None:
        self.events.append((step.id, outcome))
        self.messages.append(message)
        self._at("end", step.id)
