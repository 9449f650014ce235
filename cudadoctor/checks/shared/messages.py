"""What the rules over messages share: finding them, and the environment that they are taken to be about."""

from __future__ import annotations

from cudadoctor.checks.shared.machine import active, clean, env_subject, torch_shown
from cudadoctor.facts.distro import DistroFacts, SystemPackage
from cudadoctor.facts.envs import EnvFacts, TorchFacts
from cudadoctor.facts.runtime import ContainerStart, RuntimeFacts
from cudadoctor.facts.seen import Seen
from cudadoctor.facts.symptom import Symptom
from cudadoctor.facts.system import OsFacts
from cudadoctor.versions import ComputeCapability


def every(symptoms: tuple[Symptom, ...] | None, *kinds: str) -> tuple[Symptom, ...]:
    """The messages of these kinds, in their order."""
    return tuple(one for one in symptoms or () if one.kind in kinds)


def first(symptoms: tuple[Symptom, ...] | None, *kinds: str) -> Symptom | None:
    """The first of these kinds."""
    return next(iter(every(symptoms, *kinds)), None)


def code(symptoms: tuple[Symptom, ...] | None, *codes: int) -> Symptom | None:
    """The first message with one of these codes of the CUDA driver."""
    return first(symptoms, *(f"cuda-error-{number}" for number in codes))


def quoted(symptom: Symptom) -> Seen:
    """Evidence: the message as it stands."""
    return Seen(where=clean(symptom.seen.where), text=clean(symptom.seen.text))


def value(symptoms: tuple[Symptom, ...] | None, kind: str, name: str) -> str | None:
    """A value of the first message of this kind that has it."""
    return next((one.values[name] for one in every(symptoms, kind) if name in one.values), None)


def about(envs: tuple[EnvFacts, ...] | None) -> EnvFacts | None:
    """The environment that a message without a name is about: the active one, where it has a torch."""
    env = active(envs or ())
    return env if env is not None and env.torch is not None else None


def torch_of(envs: tuple[EnvFacts, ...] | None) -> TorchFacts | None:
    """Its torch."""
    env = about(envs)
    return env.torch if env is not None else None


def subject(envs: tuple[EnvFacts, ...] | None) -> str:
    """`env:/prefix` of the active environment, else the machine: the same as the rules over facts have."""
    env = active(envs or ())
    return env_subject(env) if env is not None else "machine"


def shown(envs: tuple[EnvFacts, ...] | None) -> str:
    """`torch 2.9.1 in env `x``, or `torch` where no more is known."""
    env = about(envs)
    if env is None or env.torch is None or not env.torch.version[:1].isdigit():
        return "torch"
    return torch_shown(env, env.torch)


def capability(text: str | None) -> ComputeCapability | None:
    """`120`, `8.6` or `sm_86`."""
    digits = clean(text, 12).removeprefix("sm_").replace(".", "")
    if not digits.isascii() or not digits.isdigit() or not 2 <= len(digits) <= 3:
        return None
    return ComputeCapability(int(digits[:-1]), int(digits[-1]))


NVIDIA_NETWORK = "developer.download.nvidia.com/compute/cuda/repos/"
"""Part of the address of every network repository of CUDA."""
_STARTS = ("docker", "podman", "nerdctl", "nvidia-docker", "compose")


def container_starts(runtime: RuntimeFacts | None) -> tuple[ContainerStart, ...]:
    """Command lines and compose files that start a container."""
    starts = runtime.starts if runtime is not None else ()
    return tuple(one for one in starts if one.engine in _STARTS and "hello-world" not in (one.image or ""))


def speaks_of_container(os: OsFacts | None, runtime: RuntimeFacts | None, symptoms: tuple[Symptom, ...] | None) -> bool:
    """This is a container, or the text starts one, or shows a shell in one."""
    inside = (os is not None and os.container is not None) or bool(
        every(symptoms, "container-prompt", "container-named")
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
