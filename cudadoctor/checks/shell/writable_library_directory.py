"""Finds directories of the search paths into which everybody may write."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import LD_SO
from cudadoctor.checks.shared.machine import clean, seen
from cudadoctor.checks.shared.rc_lines import setters
from cudadoctor.facts.limits import LimitFacts
from cudadoctor.facts.shell import ShellFacts
from cudadoctor.facts.subject import File
from cudadoctor.facts.system import OsFacts

# File systems of other systems (Windows drives, sticks) show every file as writable for all.
_FOREIGN = ("/mnt/", "/media/", "/run/media/", "/Volumes/")


@check("SEC002", severity=Severity.WARNING)
def writable_library_directory(limits: LimitFacts, os: OsFacts, shell: ShellFacts | None) -> Result:
    """A directory on LD_LIBRARY_PATH, or of CUDA on PATH, may be written by every user.

    Why:
        Whoever can put a file there runs code as everybody who starts a program with that search path, root included.
        It comes from `chmod -R 777` on a toolkit, or from /tmp on LD_LIBRARY_PATH.

    How we know:
        Mode and owner of each directory on LD_LIBRARY_PATH, and of those with cuda in their names on PATH: writable for
        all, without the sticky bit's help.

    Fix:
        `sudo chmod -R o-w` on that directory, or take it off the search path.

    Harmless when:
        Nobody else has an account here.

    Sources:
        https://man7.org/linux/man-pages/man8/ld.so.8.html
    """
    if os.container is not None or os.wsl is not None:
        return
    for one in limits.writable:
        ours = one.variable == "LD_LIBRARY_PATH" or (one.variable == "PATH" and "cuda" in one.path.lower())
        if ours and one.mode & 0o002 and not one.path.startswith(_FOREIGN):
            yield Problem(
                subject=str(File(clean(one.path))),
                message=f"{clean(one.path)} is on {one.variable}, and every user may write there",
                evidence=(
                    seen(one.path, f"mode {one.mode:04o}, uid {one.uid}"),
                    *setters(shell, one.variable, one.path),
                ),
                source=LD_SO,
            )
