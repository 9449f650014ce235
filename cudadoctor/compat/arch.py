"""Whether code that was built for some GPUs runs on another: NVIDIA's rule of binary compatibility.

A cubin (`sm_86`) runs on the same major and the same or a higher minor; PTX (`compute_80`) is compiled by the driver
for anything that is not older. With the suffix a, both are for that one capability; with f, for its family: the same
major and the same or a higher minor. Between Tegra and other GPUs NVIDIA promises nothing, even within one major.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from msgspec import Struct

from cudadoctor.compat._tables import source
from cudadoctor.compat.source import Source
from cudadoctor.versions import ComputeCapability

Runs = Literal["binary", "ptx-jit", "no"]
Direction = Literal["newer-than-build", "older-than-build", "between"]

_TEGRA = frozenset({(3, 2), (5, 3), (6, 2), (7, 2), (8, 7)})
_THOR_BEFORE_13 = (10, 1)
_THOR = (11, 0)


class Target(Struct, frozen=True, kw_only=True):
    """One entry of a build's list."""

    capability: ComputeCapability
    ptx: bool
    suffix: str
    """`a`, `f` or empty."""


def parse_target(text: str) -> Target | None:
    """The entry in `sm_90a`, `compute_80` or `8.6`, or None where it is none (`8.6+PTX` is two)."""
    text = text.strip().lower()
    ptx = text.startswith("compute_")
    body = text.removeprefix("compute_").removeprefix("sm_")
    suffix = body[-1:] if body[-1:] in ("a", "f") else ""
    body = body.removesuffix(suffix) if suffix else body
    digits = body.replace(".", "", 1)
    if not digits.isascii() or not digits.isdigit() or not 2 <= len(digits) <= 3:
        return None
    if "." in body and body[-2] != ".":
        return None
    return Target(capability=_thor(int(digits[:-1]), int(digits[-1])), ptx=ptx, suffix=suffix)


def targets(arch_list: Iterable[str]) -> tuple[Target, ...]:
    """The entries that can be read, in order; `8.6+PTX` gives two."""
    found: list[Target] = []
    for text in arch_list:
        plain, plus, _ = text.strip().partition("+")
        one = parse_target(plain)
        if one is None:
            continue
        found.append(one)
        if plus:
            found.append(Target(capability=one.capability, ptx=True, suffix=one.suffix))
    return tuple(found)


def runs(capability: ComputeCapability, arch_list: Sequence[str]) -> Runs | None:
    """How code built for `arch_list` runs on a GPU, or None where that is not known.

    Not known: a list without a readable entry (torch's is empty where no GPU is visible), and code for the same major
    across the border between Tegra and other GPUs.
    """
    built = targets(arch_list)
    if not built:
        return None
    device = _thor(capability.major, capability.minor)
    across = False
    for one in built:
        if one.ptx or not _fits(one, device):
            continue
        if one.suffix != "a" and one.capability != device and _tegra(one.capability) != _tegra(device):
            across = True
            continue
        return "binary"
    if any(one.ptx and _fits(one, device) for one in built):
        return "ptx-jit"
    return None if across else "no"


def direction(capability: ComputeCapability, arch_list: Sequence[str]) -> Direction | None:
    """Where a GPU stands against a list that has nothing for it; None where it runs, or is not known to fail.

    `newer-than-build`: newer than all of it. `older-than-build`: older than all of it. `between`: neither; its
    generation was left out.
    """
    if runs(capability, arch_list) != "no":
        return None
    built = [one.capability for one in targets(arch_list)]
    device = _thor(capability.major, capability.minor)
    if device > max(built):
        return "newer-than-build"
    return "older-than-build" if device < min(built) else "between"


def newer_than_build(capability: ComputeCapability, arch_list: Sequence[str]) -> bool:
    """The build has nothing for this GPU, which is newer than all of it."""
    return direction(capability, arch_list) == "newer-than-build"


def older_than_build(capability: ComputeCapability, arch_list: Sequence[str]) -> bool:
    """The build has nothing for this GPU, which is older than all of it."""
    return direction(capability, arch_list) == "older-than-build"


def rule_source() -> Source:
    """Where NVIDIA states the rule."""
    return source("arch", "binary_compatibility")


def _fits(target: Target, device: ComputeCapability) -> bool:
    if target.suffix == "a":
        return target.capability == device
    if target.ptx and not target.suffix:
        return device >= target.capability
    return device.major == target.capability.major and device.minor >= target.capability.minor


def _tegra(capability: ComputeCapability) -> bool:
    return (capability.major, capability.minor) in _TEGRA


def _thor(major: int, minor: int) -> ComputeCapability:
    """Thor was 10.1 before CUDA 13 and has been 11.0 since."""
    return ComputeCapability(*_THOR) if (major, minor) == _THOR_BEFORE_13 else ComputeCapability(major, minor)
