"""Versions that this field keeps confusing, each with a type of its own.

The *driver version* (580.65.06), the *CUDA driver version* ("CUDA Version" in nvidia-smi: the newest CUDA that the
driver supports), the *toolkit version* (nvcc) and the *runtime version* (`torch.version.cuda`) are four things. They
cannot be ordered against one another: comparing two of them needs `.cuda`, so that the comparison is meant.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TypeVar

from msgspec import Struct

_SelfCuda = TypeVar("_SelfCuda", bound="CudaVersion")

_DRIVER = re.compile(r"(\d{2,4})\.(\d{1,3})(?:\.(\d{1,3}))?\Z")
_CUDA = re.compile(r"(\d{1,2})\.(\d{1,2})(?:\.(\d{1,4}))?(?:\.\d+)?\Z")
_CAPABILITY = re.compile(r"(\d{1,2})\.(\d)\Z")
_SM = re.compile(r"(?:sm|compute)_(\d{1,2})(\d)[af]?\Z")


@dataclass(frozen=True, order=True)
class DriverVersion:
    """A driver release such as 418.39 or 580.65.06; `branch` is its first number."""

    branch: int
    minor: int
    patch: int = 0
    text: str = field(default="", compare=False)
    """As it was printed: leading zeros are part of the name (580.65.06)."""

    @classmethod
    def parse(cls, text: str) -> DriverVersion | None:
        """The version in `text`, or None where it is not one."""
        match = _DRIVER.match(text.strip())
        if match is None:
            return None
        branch, minor, patch = match.groups(default="0")
        return cls(int(branch), int(minor), int(patch), text.strip())

    def __str__(self) -> str:
        shown = f"{self.branch}.{self.minor:02d}"
        return self.text or (f"{shown}.{self.patch:02d}" if self.patch else shown)


class CudaVersion(Struct, frozen=True, order=True):
    """A CUDA release: 10.1 or 10.1.243 (`patch` is 0 where it is not given). The subclasses say whose it is."""

    major: int
    minor: int
    patch: int = 0

    @classmethod
    def parse(cls: type[_SelfCuda], text: str) -> _SelfCuda | None:
        """The version in `text` (a fourth number is dropped), or None where it is not one."""
        match = _CUDA.match(text.strip())
        if match is None:
            return None
        major, minor, patch = match.groups(default="0")
        return cls(int(major), int(minor), int(patch))

    @classmethod
    def from_integer(cls: type[_SelfCuda], number: int) -> _SelfCuda:
        """From the integer of CUDA's headers and of cuDriverGetVersion: 10010 is 10.1, 13000 is 13.0."""
        return cls(number // 1000, number % 1000 // 10)

    @property
    def cuda(self) -> CudaVersion:
        """Major and minor without whose they are, for a comparison across kinds that is meant."""
        return CudaVersion(self.major, self.minor)

    @property
    def release(self) -> str:
        """Major and minor: `10.1`."""
        return f"{self.major}.{self.minor}"

    @property
    def tag(self) -> str:
        """The form in wheel names: `cu101`."""
        return f"cu{self.major}{self.minor}"

    def __str__(self) -> str:
        return f"{self.release}.{self.patch}" if self.patch else self.release


class CudaDriverVersion(CudaVersion, frozen=True, order=True):
    """The newest CUDA that the installed driver supports ("CUDA Version" in nvidia-smi, cuDriverGetVersion)."""


class ToolkitVersion(CudaVersion, frozen=True, order=True):
    """The version of an installed toolkit (nvcc, version.json)."""


class RuntimeVersion(CudaVersion, frozen=True, order=True):
    """The CUDA runtime that a program carries or was built with (`torch.version.cuda`)."""


class ComputeCapability(Struct, frozen=True, order=True):
    """A GPU's compute capability: 8.6, in a build list `sm_86`."""

    major: int
    minor: int

    @classmethod
    def parse(cls, text: str) -> ComputeCapability | None:
        """From `8.6` or `sm_86` / `compute_86` (a suffix a or f is dropped), or None where it is neither."""
        text = text.strip()
        match = _CAPABILITY.match(text) or _SM.match(text)
        return None if match is None else cls(int(match.group(1)), int(match.group(2)))

    @property
    def sm(self) -> str:
        """The form in build lists: `sm_86`."""
        return f"sm_{self.major}{self.minor}"

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"
