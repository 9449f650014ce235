"""Finds a sandbox of Flatpak or Snap around this process."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import FLATPAK
from cudadoctor.checks.shared.machine import cuda_runs, rows, seen
from cudadoctor.facts.driver import LibcudaFacts
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.limits import LimitFacts


@check("OS010", severity=Severity.WARNING)
def confined_by_snap_or_flatpak(limits: LimitFacts, gpus: tuple[GpuFacts, ...], libcuda: LibcudaFacts | None) -> Result:
    """This runs inside a Flatpak, or with the environment of a snap, where the driver's libraries differ.

    Why:
        A terminal inside an editor from Flatpak sees the sandbox's libraries: CUDA's are missing there. A snap's
        terminal hands its LD_LIBRARY_PATH on, so that programs of the machine load the snap's old libraries.

    How we know:
        /.flatpak-info is there, or SNAP is set and LD_LIBRARY_PATH leads into /snap, on a machine with a GPU; it is a
        warning where libcuda is missing or fails.

    Fix:
        Use a terminal of the machine itself. In a Flatpak: `flatpak-spawn --host python …`, or install the editor from
        a package. Under a snap: `env -u LD_LIBRARY_PATH -u SNAP python …`, or install the editor as a .deb or .rpm.

    Harmless when:
        CUDA works there all the same: then it is information.

    Sources:
        https://docs.flatpak.org/en/latest/sandbox-permissions.html
    """
    if limits.confined is None or not gpus:
        return
    broken = libcuda is not None and libcuda.outcome in ("missing", "failed") and not cuda_runs(libcuda)
    flatpak = limits.confined == "flatpak"
    yield Problem(
        subject="machine",
        message="this runs inside a Flatpak's sandbox" if flatpak else "this shell has the library path of a snap",
        evidence=rows(seen("/.flatpak-info", "there") if flatpak else seen("LD_LIBRARY_PATH", "/snap/…")),
        source=FLATPAK,
        severity=None if broken else Severity.INFO,
    )
