"""Asks many machines side by side, each through a command with its name in it, each within its own deadline."""

from __future__ import annotations

import shlex
import threading
from collections.abc import Callable, Iterator, Sequence
from queue import SimpleQueue
from typing import TypeVar

from cudadoctor.errors import CudaDoctorError

Value = TypeVar("Value")

PLACE = "{host}"
SSH = "ssh -o BatchMode=yes -o ConnectTimeout=10 {host} python3 -"
"""No question for a password or a host key: with many machines nobody can answer them."""


def command(launcher: str, node: str) -> str:
    """The launcher's command for one node. Raises CudaDoctorError where the launcher has no place for the name."""
    if PLACE not in launcher:
        raise CudaDoctorError(f"--launcher {launcher}: it has no {PLACE}, where the node's name goes")
    return launcher.replace(PLACE, shlex.quote(node))


def srun(partition: str | None, reservation: str | None, options: str | None) -> str:
    """The launcher that runs one task on one node through Slurm."""
    words = ["srun", "--quiet", "--nodes=1", "--ntasks=1", "--immediate=30"]
    words += [f"--partition={partition}"] if partition else []
    words += [f"--reservation={reservation}"] if reservation else []
    quoted = " ".join(shlex.quote(word) for word in words)
    return f"{quoted} {options + ' ' if options else ''}--nodelist={PLACE} python3 -"


def each(
    nodes: Sequence[str], ask: Callable[[str], Value], fanout: int
) -> Iterator[tuple[str, Value | CudaDoctorError]]:
    """What `ask` gives of each node, or the error that it raised, as they come. At most `fanout` are asked at once."""
    todo = list(reversed(nodes))
    lock = threading.Lock()
    answers: SimpleQueue[tuple[str, Value | CudaDoctorError]] = SimpleQueue()

    def work() -> None:
        while True:
            with lock:
                if not todo:
                    return
                node = todo.pop()
            try:
                answers.put((node, ask(node)))
            except CudaDoctorError as error:
                answers.put((node, error))
            except Exception as error:  # noqa: BLE001  one node's trouble must not hide the others
                answers.put((node, CudaDoctorError(f"a bug in cudadoctor: {type(error).__name__}: {error}")))

    for _ in range(min(fanout, len(nodes))):
        threading.Thread(target=work, daemon=True).start()
    for _ in nodes:
        yield answers.get()
