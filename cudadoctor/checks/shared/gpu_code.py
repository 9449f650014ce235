"""GPUs for which a torch was not built: what the two arch-not-in-build checks share."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from cudadoctor.checks.engine.base import Confidence, Problem, Severity, Unknown
from cudadoctor.checks.shared.machine import (
    active,
    clean,
    env_subject,
    gpu_shown,
    rows,
    seen,
    toolkits_in_use,
    torch_shown,
)
from cudadoctor.checks.shared.messages import capability, first, shown, subject, torch_of, value
from cudadoctor.facts.envs import EnvFacts, TorchFacts
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.seen import Seen
from cudadoctor.facts.subject import Toolkit
from cudadoctor.facts.symptom import Symptom
from cudadoctor.facts.system import OsFacts
from cudadoctor.facts.toolkit import ToolkitInventory
from cudadoctor.versions import ComputeCapability, CudaVersion, RuntimeVersion

_WHEEL_INSTALLERS = ("pip", "uv", "poetry", "pdm", "rye", "hatch", "pixi", "uv-pixi")
_STORES = ("/nix/store/", "/gnu/store/")


class Gap(Struct, frozen=True, kw_only=True):
    """GPUs that a build has nothing for, all of them on the same side of it."""

    env: EnvFacts
    torch: TorchFacts
    gpus: tuple[tuple[GpuFacts, ComputeCapability], ...]
    arch_list: tuple[str, ...]
    newer: bool
    """They are newer than what the build was made for; else it was left out or dropped."""
    from_table: bool
    others_run: bool
    """Another GPU of this machine runs with this build, and programs take that one unless they are told otherwise."""

    def problem(self) -> Problem:
        """As a problem."""
        from cudadoctor.compat import arch

        built = ", ".join(self.arch_list)
        which = " and ".join(f"{gpu_shown(gpu)}, compute capability {capability}" for gpu, capability in self.gpus)
        return Problem(
            subject=env_subject(self.env),
            message=(f"{torch_shown(self.env, self.torch)} is built for {built}, and has nothing for {which}"),
            evidence=rows(
                self.torch.seen,
                seen(self.torch.location, f"arch list: {built}"),
                *(seen(gpu.capability_from or "GPU", str(capability)) for gpu, capability in self.gpus),
            ),
            source=arch.rule_source(),
            severity=Severity.INFO if self.others_run or not self.env.active else None,
            confidence=Confidence.LIKELY if self.from_table else Confidence.CERTAIN,
        )


def gaps(envs: tuple[EnvFacts, ...], gpus: tuple[GpuFacts, ...], os: OsFacts | None) -> Iterator[Gap | Unknown]:
    """The gaps of every environment, one for each direction; Unknown where the build's list or a GPU is not known."""
    from cudadoctor.compat import arch

    for env in envs:
        torch = env.torch
        if torch is None or torch.cuda is None or not gpus:
            continue
        built, from_table = _arch_list(env, torch, os)
        if not built:
            yield Unknown(
                subject=env_subject(env), reason="the architectures that its torch was built for are not known"
            )
            continue
        known = [(gpu, gpu.compute_capability) for gpu in gpus if gpu.compute_capability is not None]
        if len(known) < len(gpus):
            yield Unknown(subject=env_subject(env), reason="the compute capability of a GPU is not known")
        ways = [(gpu, capability, arch.runs(capability, built)) for gpu, capability in known]
        missing = [(gpu, capability) for gpu, capability, way in ways if way == "no"]
        for newer in (True, False):
            of_these = tuple((gpu, one) for gpu, one in missing if _newer(one, built) is newer)
            if of_these:
                yield Gap(
                    env=env,
                    torch=torch,
                    gpus=of_these,
                    arch_list=built,
                    newer=newer,
                    from_table=from_table,
                    others_run=any(way in ("binary", "ptx-jit") for _, _, way in ways)
                    and not _leads(torch, tuple(one for _, one in of_these), newer=newer),
                )


def _leads(torch: TorchFacts, missing: tuple[ComputeCapability, ...], *, newer: bool) -> bool:
    """A GPU without code is `cuda:0`, which programs take by themselves.

    torch tells the order where it was asked. Else: CUDA puts the fastest first, and among GPUs of two generations that
    is the newer one.
    """
    if torch.live.capabilities:
        return torch.live.capabilities[0] in missing
    return newer


def _newer(capability: ComputeCapability, built: tuple[str, ...]) -> bool:
    from cudadoctor.compat import arch

    direction = arch.direction(capability, built)
    if direction != "between":
        return direction == "newer-than-build"
    # Of a generation that was left out: one that came last (11.0 between 10.0 and 12.0) is new, an old one was dropped.
    return capability.major >= 9


def _arch_list(env: EnvFacts, torch: TorchFacts, os: OsFacts | None) -> tuple[tuple[str, ...], bool]:
    """What the build was made for, and whether a table had to say so."""
    if torch.arch_list:
        return torch.arch_list, False
    from cudadoctor.compat import torch_builds

    manager = _manager(env, torch)
    if torch.cuda is None or manager is None or os is None or os.arch is None or os.jetson is not None:
        return (), True
    return torch_builds.built_arch_list(torch.version, torch.cuda, manager, "linux", os.arch) or (), True


def _manager(env: EnvFacts, torch: TorchFacts) -> Literal["pip", "conda", "conda-forge"] | None:
    """Whose build it is; None for a build that no table has (another channel, one's own)."""
    if torch.installer != "conda":
        own = re.search(r"\+(?!cu\d|cpu)", torch.version) or re.search(r"\d(?:a|b|rc|\.dev|\.post)\d", torch.version)
        # A distribution's own build carries a plain version, too, and was not unpacked by pip (Arch, Nix, Debian).
        foreign = "+" not in torch.version and torch.installer not in _WHEEL_INSTALLERS
        return None if own or foreign or torch.location.startswith(_STORES) else "pip"
    package = env.packages.get("pytorch") or env.packages.get("torch")
    channel = (package.channel or "") if package is not None else ""
    if "conda-forge" in channel:
        return "conda-forge"
    return "conda" if channel.rstrip("/").removesuffix("/linux-64").endswith("pytorch") else None


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


def gpu_refusal(
    symptoms: tuple[Symptom, ...], envs: tuple[EnvFacts, ...] | None, gpus: tuple[GpuFacts, ...] | None
) -> Said | None:
    """What the messages say of a GPU and torch's build; None where they do not decide which of the two is older."""
    one = next((message for kind in _REFUSALS if (message := first(symptoms, kind)) is not None), None)
    if one is None:
        return None
    device, name = _gpu(one, symptoms, gpus)
    listed = first(symptoms, "build-arch-list")
    evidence = rows(one.seen, listed.seen if listed is not None else None)
    if one.kind == "gpu-too-old-for-torch":
        return Said(newer=False, gpu=name, capability=device, built=(), evidence=evidence, certain=True)
    if device is None:
        return None
    torch = torch_of(envs)
    if torch is not None and not torch.arch_list and listed is None and beyond_cuda(torch, device):
        return Said(newer=True, gpu=name, capability=device, built=(), evidence=evidence, certain=False)
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


def beyond_cuda(torch: TorchFacts | None, device: ComputeCapability) -> bool | None:
    """Whether the GPU is newer than everything that the CUDA of torch's build compiles for; None: not known.

    Whatever list such a build has, it holds no code for the GPU. Its PTX may still be compiled for it, but that of
    cuBLAS and cuDNN, which come from the same CUDA, is not there.
    """
    if torch is None or torch.cuda is None or torch.hip is not None:
        return None
    from cudadoctor.compat import arch, toolkits

    known = toolkits.capabilities(torch.cuda)
    if not known:
        return None
    compiled = [f"sm_{one.major}{one.minor}" for one in known]
    return arch.runs(device, compiled) == "no" and device > max(known)


def served(torch: TorchFacts | None, device: ComputeCapability) -> bool | None:
    """Whether torch itself has code for the GPU; None where its builds differ in that, or no table has them."""
    from cudadoctor.compat import arch

    if beyond_cuda(torch, device):
        return False
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
    return first(symptoms, "no-kernel-image")


class Asked(Struct, frozen=True, kw_only=True):
    """What was asked of nvcc, and how the two stand to one another."""

    subject: str
    capability: ComputeCapability
    verdict: Literal["too-old", "too-new", "unknown"]
    confidence: Confidence
    since: str
    until: str
    evidence: tuple[Seen, ...]


def asked(
    symptoms: tuple[Symptom, ...] | None,
    toolkit: ToolkitInventory | None,
    envs: tuple[EnvFacts, ...] | None,
) -> Asked | None:
    """The first architecture that nvcc refused.

    One that no toolkit has dropped can only be too new for this nvcc. Of one that was dropped, the toolkit's version
    decides; where that is not known, the CUDA of torch, for which extensions are built.
    """
    from cudadoctor.compat import toolkits

    said = first(symptoms, "unsupported-gpu-architecture")
    if said is None:
        return None
    number = said.values["arch"]
    capability = ComputeCapability.parse(f"{number[:-1]}.{number[-1]}")
    if capability is None:
        return None
    since, last = toolkits.first_toolkit_for(capability), toolkits.last_toolkit_for(capability)
    used = toolkits_in_use(toolkit) if toolkit is not None else ()
    known = next((one for one in used if one.version is not None), None)
    env = active(envs or ())
    torch = None if env is None or env.torch is None else env.torch.cuda
    verdict: Literal["too-old", "too-new", "unknown"] = "unknown"
    confidence = Confidence.CERTAIN
    dropped_before: CudaVersion | None = last
    if dropped_before is None:
        verdict = "too-old" if since is not None else "unknown"
    elif known is not None and known.version is not None:
        newer = known.version.cuda > dropped_before.cuda
        verdict = (
            "too-new" if newer else "too-old" if since is not None and known.version.cuda < since.cuda else "unknown"
        )
    elif torch is not None:
        confidence = Confidence.LIKELY
        verdict = "too-new" if torch.cuda > dropped_before.cuda else "unknown"
    elif capability.major < 5:
        # Kepler and Fermi: their first toolkits are of 2012 and older, and had no torch.
        verdict, confidence = "too-new", Confidence.LIKELY
    return Asked(
        subject=str(Toolkit(clean(known.real_root))) if known is not None else "machine",
        capability=capability,
        verdict=verdict,
        confidence=confidence,
        since=f"from CUDA {since.release} on" if since is not None else "by newer toolkits",
        until=f"up to CUDA {last.release}" if last is not None else "by older toolkits",
        evidence=rows(said.seen, known.seen if known is not None else None),
    )
