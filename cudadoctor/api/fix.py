"""The library's plans: what `fix` would do. No printing; nothing is changed."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from cudadoctor.host.base import Host
from cudadoctor.probes.base import Request

if TYPE_CHECKING:
    from cudadoctor.remedies.plan import Plan
    from cudadoctor.report.model import Report

__all__ = ["plan_fix", "plan_fix_of"]

_LARGEST = 1 << 20
"""Bytes of an rc file that is looked at, as the executor has it."""


def plan_fix(
    host: Host | None,
    named: Sequence[str] = (),
    *,
    pasted: bytes | None = None,
    timeout: float = 60.0,
    progress: Callable[[str], None] | None = None,
) -> Plan:
    """What cures the root causes that `check` finds on the host, or what is named of them: codes, names, prefixes.

    With `pasted`, of the text that somebody pasted: such a plan is for another machine, and is never applied.
    Raises CudaDoctorError for a word that names no check, before the machine is asked.
    """
    from cudadoctor.api import examine as api
    from cudadoctor.remedies.fix import chosen

    chosen.codes(named)
    if pasted is not None:
        return plan_fix_of(api.diagnose(pasted), named)
    host = host or api.local_host()
    report = api.examine_host(host, Request(timeout=timeout), progress=progress)
    return plan_fix_of(report, named, host=host)


def plan_fix_of(report: Report, named: Sequence[str] = (), *, host: Host | None = None) -> Plan:
    """The plan from a report. `host`: whose rc files are read; None: they are told of, and not changed."""
    from msgspec.structs import replace

    from cudadoctor.remedies.fix import planner

    shell = report.facts.shell
    home = (shell.home if shell is not None else None) or ""
    plan = planner.plan(
        report.facts,
        report.findings,
        report.remedies,
        report.root_causes,
        named,
        home=home,
        files={} if host is None or report.pasted else _files(host, report),
        there={} if host is None or report.pasted else _beside(host, report),
        pasted=report.pasted,
    )
    if not named and not plan.steps and report.status in ("unknown", "broken"):
        # Not known is not in order: what `check` or `diagnose` says of it, and what to ask for, is said here too.
        return replace(plan, title="Nothing is known that could be fixed", notes=(report.verdict, *plan.notes))
    return plan


def _files(host: Host, report: Report) -> dict[str, bytes]:
    """What the rc files hold that set something; those that cannot be read are left out."""
    from cudadoctor.host.base import Refusal

    shell = report.facts.shell
    found: dict[str, bytes] = {}
    for path in dict.fromkeys(line.file for line in (shell.rc_lines if shell is not None else ())):
        with contextlib.suppress(Refusal):
            found[path] = host.read(path, limit=_LARGEST)
    return found


def _beside(host: Host, report: Report) -> dict[str, str]:
    """What stands where an environment beside a broken one would be made: the directory, and the torch in it."""
    import re

    from cudadoctor.host.base import Refusal
    from cudadoctor.remedies.torch.beside import place

    found: dict[str, str] = {}
    for env in report.facts.envs or ():
        pattern = re.sub(r"([*?[])", r"[\1]", place(report.facts, env))
        with contextlib.suppress(Refusal):
            for folder in host.glob(f"{pattern}*", limit=100):
                found[folder] = ""
            for path in host.glob(f"{pattern}*/lib/python3*/site-packages/torch/version.py", limit=100):
                text = host.read(path, limit=1 << 16).decode("utf-8", "replace")
                version = re.search(r"^__version__ = '([^'+]+)", text, re.MULTILINE)
                cuda = re.search(r"^cuda(?:: [^=]*)? = '?(\d+\.\d+|None)", text, re.MULTILINE)
                if version and cuda:
                    found[path.rpartition("/lib/python3")[0]] = f"{version[1]} {cuda[1]}"
    return found
