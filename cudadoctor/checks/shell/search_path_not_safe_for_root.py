"""Finds directories on root's search paths that another user can change."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Severity, Source, check
from cudadoctor.checks.shared.machine import clean, seen
from cudadoctor.facts.limits import LimitFacts
from cudadoctor.facts.subject import File
from cudadoctor.facts.system import OsFacts

_SOURCE = Source(
    title="CWE-427: Uncontrolled Search Path Element",
    url="https://cwe.mitre.org/data/definitions/427.html",
    read_on="2026-12-01",
)


@check("SEC020", severity=Severity.WARNING)
def search_path_not_safe_for_root(limits: LimitFacts, os: OsFacts) -> Result:
    """Root's PATH, LD_LIBRARY_PATH or PYTHONPATH names a directory that another user can change.

    Why:
        Whoever can change that directory can make root run their code: a program of the name of `nvidia-smi` or
        `ldconfig`, a library, a `sitecustomize.py`. It comes from `sudo -E`, `su` without `-`, and an
        environment of a user that root activates. As root, cudadoctor runs and loads nothing from such a
        directory; what only such a program can tell is reported as unknown.

    How we know:
        cudadoctor runs as root; the directory belongs to another user, or every user may write to it.

    Fix:
        Run cudadoctor as the user whose environment it is; it needs no root. Or take the directory off root's search
        path.

    Harmless when:
        The owner of that directory has root's rights anyhow, as in a container that one person uses.

    Sources:
        https://cwe.mitre.org/data/definitions/427.html
    """
    if os.uid != 0 or os.wsl is not None:
        return
    for one in limits.writable:
        whose = "every user can change it" if one.mode & 0o002 else f"it belongs to user {one.uid}"
        yield Problem(
            subject=str(File(clean(one.path))),
            message=f"{clean(one.path)} is on root's {one.variable}, and {whose}; nothing from it was run",
            evidence=(seen(one.path, f"mode {one.mode:04o}, uid {one.uid}"),),
            source=_SOURCE,
            severity=Severity.INFO if os.container is not None else None,
        )
