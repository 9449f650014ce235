"""Python environments and the torch in each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct, field

from cudadoctor.facts.libraries import ResolvedLibrary
from cudadoctor.facts.seen import Seen
from cudadoctor.versions import ComputeCapability, RuntimeVersion

UNNAMED = "the reporter's"
"""Name of the environment in a pasted text that names none."""


class Package(Struct, frozen=True, kw_only=True):
    """An installed distribution."""

    name: str
    """Normalised: lower case, `-`."""
    version: str
    build: str | None = None
    """conda's build string."""
    channel: str | None = None
    installer: str | None = None
    """conda, pip, uv …"""
    requires_torch: str | None = None
    """The one version of torch that its METADATA pins (torchvision, torchaudio …); None where it pins none."""
    built_for: str | None = None
    """What the local part of its version, or the name of the wheel that it came from, says that it was compiled for:
    `pt26cu124`, `cu12torch2.6cxx11abiFALSE`; only of compiled companions of torch."""


class OtherTorch(Struct, frozen=True, kw_only=True):
    """A second torch on the way that `import` goes: it is hidden by the one that comes first."""

    version: str
    location: str


LiveOutcome = Literal["not-asked", "ok", "import-error", "crashed", "hangs", "slow", "failed"]


class TorchLive(Struct, frozen=True, kw_only=True):
    """What torch itself said, in a child of the environment's own python."""

    outcome: LiveOutcome
    """ok; import-error; crashed (a signal); hangs (never answered); slow (this run's time ran out); failed (the
    interpreter did not start, or printed nothing that can be read)."""
    stage: str | None = None
    """The last step that was begun: start, import, cuda-init, devices, cudnn."""
    is_available: bool | None = None
    warning: str | None = None
    """What torch warned of, or swallowed, while it initialised CUDA."""
    device_count: int | None = None
    capabilities: tuple[ComputeCapability, ...] = ()
    device_names: tuple[str, ...] = ()
    error: str | None = None
    """Type and text of the exception, or the last line of stderr."""
    signal: str | None = None
    seconds: float | None = None
    local_shadow: str | None = None
    """A file in the current directory that programs started there would import as `torch`, not the installed one."""


class TorchFacts(Struct, frozen=True, kw_only=True):
    """A torch as it lies on disk, and, where it was asked, what it said."""

    version: str
    """`1.4.0`, `2.13.0+cpu`."""
    cuda: RuntimeVersion | None = None
    """`torch.version.cuda`; None: the build has no CUDA."""
    hip: str | None = None
    cudnn: str | None = None
    """`7.6.3`."""
    build: str | None = None
    """What it was built for in one word: cu101, cpu, rocm6.2, xpu; None where that is not known."""
    build_string: str | None = None
    """conda's build string, or the local part of the version."""
    arch_list: tuple[str, ...] | None = None
    """`sm_70`, `compute_90` … as built in; None where it could not be read."""
    location: str
    """The directory of the package."""
    installer: str | None = None
    pins: tuple[tuple[str, str], ...] = ()
    """The exact versions of nvidia-* packages, cuda-toolkit and triton that its METADATA demands on this processor."""
    hidden: tuple[OtherTorch, ...] = ()
    """Further ones on Python's search path, in its order."""
    records: tuple[str, ...] = ()
    """Versions by its `dist-info` folders where it lies: more than one after an interrupted change."""
    leftovers: tuple[str, ...] = ()
    """`~orch` and its like: what pip put aside during an upgrade that did not end."""
    nvidia_site: str | None = None
    """Where its nvidia-* wheels lie, if all of them lie in another directory than torch."""
    live: TorchLive = field(default_factory=lambda: TorchLive(outcome="not-asked"))
    seen: Seen


class EnvFacts(Struct, frozen=True, kw_only=True):
    """One Python environment."""

    kind: Literal["conda", "venv", "system", "pyenv", "uv", "pipx", "pixi"]
    name: str
    prefix: str
    python: str | None = None
    """The interpreter's path."""
    python_version: str | None = None
    active: bool = False
    active_because: str | None = None
    """`--env`, VIRTUAL_ENV, CONDA_PREFIX or PATH."""
    torch: TorchFacts | None = None
    """None: not installed."""
    packages: Mapping[str, Package] = field(default_factory=dict)
    """The installed ones of torch's company: torchvision, torchaudio, numpy, triton, mkl, nvidia-* …, by name."""
    duplicates: tuple[str, ...] = ()
    """Names installed both by conda and by pip."""
    site_packages: str | None = None
    libraries: tuple[ResolvedLibrary, ...] | None = None
    """What the loader would give its torch, of CUDA's libraries and what is missing; None where it was not asked."""


class CondaFacts(Struct, frozen=True, kw_only=True):
    """conda, mamba, micromamba and pixi on this machine."""

    roots: tuple[str, ...] = ()
    """Installations."""
    executable: str | None = None
    version: str | None = None
    channels: tuple[str, ...] = ()
    """From .condarc."""
    auto_activate: bool | None = None
    condarc: tuple[str, ...] = ()
    """The .condarc files that were read."""
