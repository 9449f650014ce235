"""Finds a disk that torch does not fit on."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, also, check
from cudadoctor.checks.engine.sources import PIP_DISK
from cudadoctor.checks.shared.machine import rows, seen
from cudadoctor.checks.shared.messages import first
from cudadoctor.facts.limits import LimitFacts
from cudadoctor.facts.subject import File
from cudadoctor.facts.symptom import Symptom

_LEFT = 512 << 20
_WHOLE = 8 << 30
"""Smaller file systems are small on purpose: a tmpfs, an image."""
_NAMES = {
    "home": "the home directory",
    "env": "the environment",
    "root": "the root file system",
    "work": "the current directory",
}
_SHARED_MEMORY = ("shared-memory-full", "shared-memory-workers", "shared-memory-segment-failed")


@check("OS005", severity=Severity.WARNING)
def disk_nearly_full(limits: LimitFacts) -> Result:
    """A disk is full, or so nearly that torch can be neither installed nor used.

    Why:
        torch for CUDA takes 3 to 8 GB, pip and conda need as much again while they unpack, and compiled kernels and
        models are written to the home directory. It ends in "[Errno 28] No space left on device", sometimes in a torch
        of which a part is missing.

    How we know:
        statvfs of the root, home, environment and current directories: less than 512 MiB left. In a text "OSError:
        [Errno 28] No space left on device", unless it is /dev/shm: `nccl-shm-too-small`.

    Fix:
        Make room on that disk. `df -h . ~ /tmp` tells which; `pip cache purge`, `conda clean --all`, `uv cache prune`
        and old environments give most back. Where only /tmp is small: `TMPDIR=$HOME/tmp pip install …`. On a cluster
        with a quota on the home directory put environments and caches on the scratch file system (PIP_CACHE_DIR,
        CONDA_PKGS_DIRS, HF_HOME). Afterwards install again what broke off.

    Harmless when:
        Nothing is to be written there.

    Sources:
        https://pip.pypa.io/en/stable/topics/caching/
    """
    known: set[tuple[int, int]] = set()
    for disk in limits.disks:
        if disk.place in _NAMES and disk.size >= _WHOLE and disk.free < _LEFT and (disk.size, disk.free) not in known:
            known.add((disk.size, disk.free))
            yield Problem(
                subject=str(File(disk.place)),
                message=f"{_NAMES[disk.place]} has {disk.free >> 20} MiB left of {disk.size >> 30} GiB",
                evidence=(seen(_NAMES[disk.place], f"{disk.free} bytes free"),),
                source=PIP_DISK,
            )


@also(disk_nearly_full)
def in_messages(symptoms: tuple[Symptom, ...]) -> Result:
    """A program found it full; shared memory gives the same number."""
    said = first(symptoms, "disk-full")
    if said is None or first(symptoms, *_SHARED_MEMORY) is not None:
        return
    path = said.values.get("path", "")
    if path.startswith("/dev/shm"):  # noqa: S108  compared with, nothing is written
        return
    yield Problem(
        subject="machine",
        message="a file system was full: no space was left on the device",
        evidence=rows(said.seen),
        source=PIP_DISK,
        severity=Severity.ERROR,
        confidence=Confidence.LIKELY,
    )
