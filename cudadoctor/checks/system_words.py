"""What several checks ask of messages and of the ways in which containers are started. Pure, and no rule of its own."""

from __future__ import annotations

from cudadoctor.facts.distro import DistroFacts, SystemPackage
from cudadoctor.facts.runtime import ContainerStart, RuntimeFacts
from cudadoctor.facts.symptom import Symptom
from cudadoctor.facts.system import OsFacts

NVIDIA_NETWORK = "developer.download.nvidia.com/compute/cuda/repos/"
"""Part of the address of every network repository of CUDA."""
_STARTS = ("docker", "podman", "nerdctl", "nvidia-docker", "compose")


def said(symptoms: tuple[Symptom, ...] | None, *kinds: str) -> tuple[Symptom, ...]:
    """The messages of these kinds, in order."""
    return tuple(one for one in symptoms or () if one.kind in kinds)


def container_starts(runtime: RuntimeFacts | None) -> tuple[ContainerStart, ...]:
    """Command lines and compose files that start a container."""
    starts = runtime.starts if runtime is not None else ()
    return tuple(one for one in starts if one.engine in _STARTS and "hello-world" not in (one.image or ""))


def speaks_of_container(os: OsFacts | None, runtime: RuntimeFacts | None, symptoms: tuple[Symptom, ...] | None) -> bool:
    """This is a container, or the text starts one, or shows a shell in one."""
    inside = (os is not None and os.container is not None) or bool(
        said(symptoms, "container-prompt", "container-named")
    )
    return inside or bool(container_starts(runtime))


def first_command_is_smi(runtime: RuntimeFacts | None) -> bool:
    """A new container is started with the GPU, and the first that runs in it is nvidia-smi."""
    return any(
        one.asks_for_gpu and bool(one.command) and one.command[0].rpartition("/")[2] == "nvidia-smi"
        for one in container_starts(runtime)
    )


def installed(distro: DistroFacts | None, *names: str) -> tuple[SystemPackage, ...]:
    """The packages of these names, or whose name begins with what ends in `*`."""
    starts = tuple(name[:-1] for name in names if name.endswith("*"))
    return tuple(
        one
        for one in (distro.packages if distro is not None else None) or ()
        if one.name in names or (starts and one.name.startswith(starts))
    )


def release_of(version: str) -> tuple[int, ...]:
    """The numbers of a package's version up to its revision: (1, 17, 4) of `1.17.4-1`."""
    numbers: list[int] = []
    for part in version.rpartition(":")[2].partition("-")[0].split("."):
        digits = part.partition("~")[0].partition("+")[0]
        if not digits.isdigit() or len(digits) > 6:
            break
        numbers.append(int(digits))
    return tuple(numbers)
