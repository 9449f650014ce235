"""A run that was killed may have left its program running: it is waited for before anything else is done."""

from __future__ import annotations

from cudadoctor.errors import CudaDoctorError
from cudadoctor.executor.run.plan_journal import History, RunFolder
from cudadoctor.executor.system import processes
from cudadoctor.executor.system.machine import Machine


def refuse(folder: RunFolder, history: History, machine: Machine) -> None:
    """Raises CudaDoctorError while a program of the run is still there."""
    if history.last_boot != machine.boot():
        return
    for name, record in history.steps.items():
        for pid, born in record.groups:
            if not record.outcome and processes.group_lives(pid, born):
                raise CudaDoctorError(
                    f"{folder.path}: the program of {name} still runs (process {pid}): wait for its end, or end it, "
                    "then `--resume`"
                )
