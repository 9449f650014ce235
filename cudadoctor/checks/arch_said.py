"""GPUs for which something was not built, by what programs said: what three rules over messages share."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from cudadoctor.checks.base import Confidence, Problem, Severity
from cudadoctor.checks.common import clean, gpu_shown, rows, seen
from cudadoctor.checks.said import capability, first, shown, subject, told, torch_of, value
from cudadoctor.facts.envs import EnvFacts, TorchFacts
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.seen import Seen
from cudadoctor.facts.symptom import Symptom
from cudadoctor.versions import ComputeCapability, RuntimeVersion

_REFUSALS = ("gpu-not-in-build", "gpu-too-old-for-torch", "no-kernels-for-gpu", "no-kernel-image")
"""The most telling first."""


class Said(Struct, frozen=True, kw_only=True):
    """A GPU that torch's build has nothing for."""

    newer: bool
    gpu: str
    capability: ComputeCapability | None
    built: tuple[str, ...]
    evidence: tuple[Seen, ...]
    certain: bool

    def problem(self, envs: tuple[EnvFacts, ...] | None) -> Problem:
        """As a problem, about the same subject as the rule over facts."""
        from cudadoctor.compat import arch

        which = f", compute capability {self.capability}" if self.capability is not None else ""
        built = f" (it is built for {', '.join(self.built)})" if self.built else ""
        age = "newer" if self.newer else "older"
        torch = torch_of(envs)
        order = torch.live.capabilities if torch is not None else ()
        beside = bool(order) and self.capability is not None and order[0] != self.capability
        return Problem(
            subject=subject(envs),
            message=f"{shown(envs)} has no code for {self.gpu}{which}, which is {age} than its build{built}",
            evidence=self.evidence,
            source=arch.rule_source(),
            severity=Severity.INFO if beside else None,
            confidence=Confidence.CERTAIN if self.certain else Confidence.LIKELY,
        )


def said(
    symptoms: tuple[Symptom, ...], envs: tuple[EnvFacts, ...] | None, gpus: tuple[GpuFacts, ...] | None
) -> Said | None:
    """What the messages say of a GPU and torch's build; None where they do not decide which of the two is older."""
    one = next((met for kind in _REFUSALS if (met := first(symptoms, kind)) is not None), None)
    if one is None:
        return None
    device, name = _gpu(one, symptoms, gpus)
    listed = first(symptoms, "build-arch-list")
    evidence = rows(one.seen, listed.seen if listed is not None else None)
    if one.kind == "gpu-too-old-for-torch":
        return Said(newer=False, gpu=name, capability=device, built=(), evidence=evidence, certain=True)
    if device is None:
        return None
    lists = tuple(_lists(one, symptoms, torch_of(envs)))
    directions = {_direction(device, built, compiled_only=one.kind == "gpu-not-in-build") for built in lists}
    if not lists and one.kind == "gpu-not-in-build":
        directions = {_without_list(device)}
    if len(directions) != 1:
        return None
    direction = directions.pop()
    if direction is None:
        return None
    exact = len(lists) == 1
    return Said(
        newer=direction,
        gpu=name,
        capability=device,
        built=lists[0] if exact else (),
        evidence=evidence if one.kind != "no-kernel-image" else (*evidence, seen(name, str(device))),
        certain=exact and one.kind != "no-kernel-image",
    )


def served(torch: TorchFacts | None, device: ComputeCapability) -> bool | None:
    """Whether torch itself has code for the GPU; None where its builds differ in that, or no table has them."""
    from cudadoctor.compat import arch

    found = {arch.runs(device, built) for built in _of_torch(torch)}
    if not found or None in found:
        return None
    return "no" not in found if len({way == "no" for way in found}) == 1 else None


def one_device(
    symptoms: tuple[Symptom, ...], gpus: tuple[GpuFacts, ...] | None
) -> tuple[ComputeCapability | None, str]:
    """The GPU that a message is about, where there is only one kind of it."""
    return _gpu(None, symptoms, gpus)


def _gpu(
    one: Symptom | None, symptoms: tuple[Symptom, ...], gpus: tuple[GpuFacts, ...] | None
) -> tuple[ComputeCapability | None, str]:
    """Capability and name: the message's own, that of torch's line about a GPU, or that of the only kind here."""
    if one is not None and "sm" in one.values:
        return capability(one.values["sm"]), clean(one.values.get("gpu"), 60) or "the GPU"
    line = first(symptoms, "gpu-capability")
    if line is not None:
        return capability(line.values.get("capability")), clean(line.values.get("gpu"), 60) or "the GPU"
    known = {gpu.compute_capability for gpu in gpus or ()}
    if gpus and len(known) == 1:
        return gpus[0].compute_capability, gpu_shown(gpus[0])
    return None, "the GPU"


def _direction(device: ComputeCapability, built: tuple[str, ...], *, compiled_only: bool) -> bool | None:
    """True: newer; False: older; None: it runs, or that is not known.

    Where torch itself refused the GPU, its PTX does not count: CUDA's libraries beside it have none.
    """
    from cudadoctor.compat import arch

    compiled = tuple(one for one in built if one.startswith("sm_")) if compiled_only else built
    direction = arch.direction(device, compiled or built)
    if direction is None:
        return None
    return device.major >= 9 if direction == "between" else direction == "newer-than-build"


def _without_list(device: ComputeCapability) -> bool | None:
    """By torch's message alone, which is of 1.5 or newer: builds since then began at 3.5 or later, and none with 7.5
    and more of a server's or PC's GPUs was left without them again. Those of Jetsons tell nothing.
    """
    if device in (ComputeCapability(7, 2), ComputeCapability(8, 7)):
        return None
    return device >= ComputeCapability(7, 5)


def _lists(one: Symptom, symptoms: tuple[Symptom, ...], torch: TorchFacts | None) -> Iterator[tuple[str, ...]]:
    """What torch was built for: as it said itself, else as read or as the tables have its release."""
    text = value(symptoms, "build-arch-list", "archs")
    if text:
        yield tuple(text.split())
        return
    version = one.values.get("torch")
    if version is not None:
        local = version.partition("+")[2]
        cuda = RuntimeVersion.parse(f"{local[2:-1]}.{local[-1]}") if local[:2] == "cu" and local[2:].isdigit() else None
        yield from _tabled(version, cuda)
        return
    yield from _of_torch(torch)


def _of_torch(torch: TorchFacts | None) -> Iterator[tuple[str, ...]]:
    if torch is None or torch.hip is not None:
        return
    if torch.arch_list:
        yield torch.arch_list
    elif torch.build != "cpu":
        yield from _tabled(torch.version, torch.cuda)


def _tabled(version: str, cuda: RuntimeVersion | None) -> Iterator[tuple[str, ...]]:
    """The lists of a release's builds for x86_64 Linux, of one CUDA version where that is known; each once."""
    from cudadoctor.compat import torch_builds

    found: dict[tuple[str, ...], None] = {}
    # Somebody's `torch 1.3` may be any of that series.
    series = (version,) if version.count(".") != 1 or "+" in version else tuple(f"{version}.{n}" for n in range(4))
    for known in series:
        for manager in ("pip", "conda"):
            for one in torch_builds.builds(known, "pip" if manager == "pip" else "conda"):
                if one.cuda is None or (cuda is not None and one.cuda.release != cuda.release):
                    continue
                built = torch_builds.built_arch_list(known, one.cuda, one.manager)
                if built:
                    found[built] = None
    yield from found


def refused(symptoms: tuple[Symptom, ...]) -> Symptom | None:
    """A program said that it has no code for the GPU, without saying which part of it."""
    return next(told(symptoms, "no-kernel-image"), None)
