"""GPUs for which a torch was not built: what the two arch-not-in-build checks share."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from cudadoctor.checks.base import Confidence, Problem, Severity, Unknown
from cudadoctor.checks.common import env_subject, gpu_shown, rows, seen, torch_shown
from cudadoctor.facts.envs import EnvFacts, TorchFacts
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.system import OsFacts
from cudadoctor.versions import ComputeCapability

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
