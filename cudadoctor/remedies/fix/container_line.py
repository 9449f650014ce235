"""The command line of a container, ready to paste, with all that its causes ask for."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from cudadoctor.checks.engine.outcome import Finding
from cudadoctor.facts.base import Facts
from cudadoctor.facts.runtime import ContainerStart
from cudadoctor.remedies.plan import PlanStep, Tell

if TYPE_CHECKING:
    from cudadoctor.checks.engine.names import Cause

_GPU = {
    "docker": ("--gpus", "all"),
    "podman": ("--device", "nvidia.com/gpu=all", "--security-opt", "label=disable"),
    "nerdctl": ("--gpus", "all"),
}
"""How each engine is asked for every GPU (NVIDIA Container Toolkit, read in November 2026). SELinux keeps a container
of podman from devices unless its label is switched off."""
_MORE: dict[Cause, tuple[str, ...]] = {
    "container-driver-capabilities-missing": ("-e", "NVIDIA_DRIVER_CAPABILITIES=compute,utility"),
    "container-selinux": ("--security-opt", "label=disable"),
    "nccl-shm-too-small": ("--shm-size=8g",),
    "memory-cgroup-tight": ("--memory=16g",),
}
_ACCESS: tuple[Cause, ...] = ("container-without-gpu-access", "container-cgroup-lost-devices")
_ABOUT: tuple[Cause, ...] = (*_MORE, *_ACCESS)
_KUBERNETES = "resources: {limits: {nvidia.com/gpu: 1}}"
_IMAGE = re.compile(r"[a-z0-9][A-Za-z0-9._/:@-]{0,250}\Z")


def line(findings: Sequence[Finding], facts: Facts) -> PlanStep | None:
    """The step that tells it; None where no finding is about how this container is started."""
    about = [one for one in findings if one.name in _ABOUT]
    container = facts.os.container if facts.os is not None else None
    start = next(iter(facts.runtime.starts if facts.runtime is not None else ()), None)
    if not about or (container is None and start is None):
        return None
    engine = (start.engine if start is not None else container) or "docker"
    engine = {"nvidia-docker": "docker", "compose": "docker", "dockerfile": "docker"}.get(engine, engine)
    text = _text(engine, about, start)
    if text is None:
        return None
    return PlanStep(
        id=f"{about[0].name}-line",
        title="Start the container so",
        why=about[0].message,
        action=Tell(text=text),
        source=about[0].source,
    )


def _text(engine: str, about: Sequence[Finding], start: ContainerStart | None) -> str | None:
    gpu = any(one.name in _ACCESS for one in about)
    if engine == "kubernetes" and gpu:
        return f"In the pod's specification, for its container: `{_KUBERNETES}`"
    if engine in ("apptainer", "singularity") and gpu:
        return f"`{engine} exec --nv IMAGE nvidia-smi` shows the GPU; IMAGE stands for yours."
    if engine not in _GPU:
        return None
    words = [*_GPU[engine]]
    for one in about:
        more = _MORE.get(cast("Cause", one.name), ())
        if more and shlex.join(more) not in shlex.join(words):
            words += more
    options = shlex.join(words)
    known = start is not None and start.image is not None and _IMAGE.match(start.image)
    if start is not None and known and start.image is not None:
        command = shlex.join(start.command)
        return f"On the host: `{engine} run --rm -it {options} {start.image}{f' {command}' if command else ''}`"
    return (
        f"On the host, to see that it works: `{engine} run --rm {options} ubuntu nvidia-smi`. Then your own image, "
        f"with the options that it had: `{engine} run --rm -it {options} IMAGE`."
    )
