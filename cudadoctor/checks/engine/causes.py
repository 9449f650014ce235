"""Which finding explains which. One table; a cause stands before what follows from it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from msgspec.structs import replace

from cudadoctor.checks.engine.base import Severity
from cudadoctor.checks.engine.outcome import Finding

if TYPE_CHECKING:
    from cudadoctor.checks.engine.names import Cause

_NO_ANSWER: tuple[Cause, ...] = ("nvidia-smi-fails", "cuda-driver-init-fails")
"""What follows when the driver is not loaded, or refuses."""
_NO_DEVICE: tuple[Cause, ...] = (*_NO_ANSWER, "no-devices-found", "device-nodes-missing")
"""What follows when the driver is loaded and has no GPU."""
_IMPORT: tuple[Cause, ...] = ("torch-import-fails", "torch-import-crashes")

_NOT_LOADED: tuple[Cause, ...] = ("driver-module-not-loaded", *_NO_ANSWER)
"""What follows when the module cannot be, or is not to be, loaded."""
_NO_MODULE: tuple[Cause, ...] = ("kernel-module-not-built", "driver-module-not-loaded", *_NO_ANSWER)
"""What follows when there is no module for the running kernel."""

_DIRECTLY: dict[Cause, tuple[Cause, ...]] = {
    # the GPU on the bus
    "gpu-fallen-off-bus": (
        *(*_NO_DEVICE, "nvidia-smi-hangs", "libcuda-hangs", "gpu-recovery-needed"),
        *("xid-needs-action", "gsp-rpc-timeout", "pcie-errors"),
    ),
    "gpu-bound-to-vfio": ("torch-cuda-unavailable", "no-devices-found", "driver-module-not-loaded"),
    "gpu-ecc-hardware-fault": ("gpu-recovery-needed", "xid-needs-action"),
    # the driver
    "driver-not-installed": ("nvidia-smi-missing", "libcuda-missing", *_NO_ANSWER),
    "kernel-module-not-built": _NOT_LOADED,
    "nouveau-conflict": _NOT_LOADED,
    "driver-module-not-loaded": _NO_ANSWER,
    "gpu-dropped-by-driver": ("driver-module-not-loaded", *_NO_DEVICE),
    "proprietary-module-on-open-only-gpu": (*_NO_DEVICE, "driver-module-not-loaded"),
    "open-module-on-pre-turing-gpu": (*_NO_DEVICE, "driver-module-not-loaded"),
    "driver-library-mismatch": (*_NO_ANSWER, "libcuda-crashes", "nvidia-smi-crashes", "gsp-firmware-missing"),
    "driver-library-mixed-install": (*_NO_ANSWER, "libcuda-crashes", "nvidia-smi-crashes", "gsp-firmware-missing"),
    "kernel-module-stale": _NO_ANSWER,
    "initramfs-has-old-module": _NO_ANSWER,
    "uvm-module-not-loaded": ("cuda-driver-init-fails",),
    "device-nodes-missing": _NO_ANSWER,
    "device-node-permissions": _NO_ANSWER,
    "no-devices-found": (
        "cuda-driver-init-fails",
        "device-nodes-missing",
    ),
    "nvidia-smi-hangs": ("libcuda-hangs", "torch-cuda-hangs"),
    "fabric-manager-not-running": ("cuda-driver-init-fails",),
    "exclusive-compute-mode": ("cuda-driver-init-fails", "torch-cuda-unavailable"),
    "mig-enabled-no-instances": ("cuda-driver-init-fails", "torch-cuda-unavailable"),
    # WSL
    "wsl1-no-gpu": ("torch-cuda-unavailable",),
    "wsl-gpu-missing": _NO_ANSWER,
    "wsl-libcuda-shadowed": ("cuda-driver-init-fails", "libcuda-crashes"),
    "wsl-windows-side-broken": _NO_ANSWER,
    # containers
    "container-without-gpu-access": (*_NO_ANSWER, "libcuda-missing", "nvidia-smi-missing", "device-nodes-missing"),
    "container-driver-capabilities-missing": ("libcuda-missing",),
    "container-cgroup-lost-devices": _NO_ANSWER,
    "container-selinux": _NO_ANSWER,
    # CUDA's own library
    "stub-libcuda": ("cuda-driver-init-fails", "libcuda-crashes"),
    "cuda-compat-misuse": ("cuda-driver-init-fails",),
    "libcuda-missing": ("torch-cuda-unavailable",),
    "libcuda-hangs": ("torch-cuda-hangs", "torch-import-hangs"),
    "libcuda-crashes": ("torch-cuda-crashes",),
    "cuda-driver-init-fails": ("torch-cuda-unavailable",),
    # toolkit and shell
    "toolkit-symlink-dangling": ("cuda-home-wrong", "ld-path-entry-missing"),
    "visible-devices-hides-gpus": ("torch-cuda-unavailable",),
    "ld-path-shadows-bundled-libs": (*_IMPORT, "cudnn-version-mismatch", "nccl-version-conflict"),
    # Python and torch
    "wrong-interpreter": ("torch-not-installed",),
    "conda-pip-duplicate": _IMPORT,
    "mixed-cuda-major-packages": (*_IMPORT, "nccl-version-conflict"),
    "mkl-incompatible": ("torch-import-fails",),
    "glibc-too-old": ("torch-import-fails",),
    "libstdcxx-too-old": ("torch-import-fails",),
    "driver-too-old-for-runtime": ("torch-cuda-unavailable", "toolkit-newer-than-driver", "image-needs-newer-driver"),
    "cpu-only-build": ("torch-cuda-unavailable", "cuda-home-missing"),
    "aarch64-wheel-without-cuda": ("torch-cuda-unavailable",),
    # Python environments: which torch it is, and what lies beside it
    "user-site-shadows": ("cpu-only-build", "torchvision-torch-mismatch"),
    "site-packages-split-lib-lib64": ("torch-import-missing-library", "torch-import-fails"),
    "two-torch-distributions": ("torch-import-fails",),
    "torch-pins-unmet": ("torch-import-missing-library", "torch-import-fails"),
    "jetson-generic-wheel": ("torch-cuda-unavailable",),
    # the libraries under torch
    "ld-preload-set": ("ld-path-shadows-bundled-libs",),
    "nvjitlink-skew": ("torch-import-fails", "torch-pins-unmet"),
    "nccl-version-conflict": ("torch-import-fails",),
    "torch-import-missing-library": ("torch-import-fails",),
    # kernel, module, boot
    "driver-too-old-for-gpu": ("proprietary-module-on-open-only-gpu", "driver-module-not-loaded", *_NO_DEVICE),
    "dkms-build-failed": _NO_MODULE,
    "kernel-headers-missing": ("dkms-build-failed", *_NO_MODULE),
    "prebuilt-module-missing-for-kernel": ("kernel-module-not-built",),
    "reboot-pending": _NO_MODULE,
    "secure-boot-unsigned-module": _NOT_LOADED,
    "prime-select-gpu-off": _NOT_LOADED,
    "gsp-firmware-missing": _NO_DEVICE,
    "gsp-rpc-timeout": (*_NO_DEVICE, "nvidia-smi-hangs", "libcuda-hangs", "gpu-recovery-needed"),
    "open-module-needs-enable-flag": _NO_DEVICE,
    "pci-bar-not-assigned": (*_NO_DEVICE, *_NOT_LOADED),
    "power-supply-fault": _NO_DEVICE,
    "xid-needs-action": ("gpu-recovery-needed", "cuda-driver-init-fails"),
    "uvm-broken-after-suspend": ("cuda-driver-init-fails",),
    "vgpu-host-driver-no-cuda": ("libcuda-missing",),
    # limits, sandboxes, clusters
    "address-space-limited": ("cuda-driver-init-fails",),
    "confined-by-snap-or-flatpak": ("libcuda-missing",),
    "libc-unsupported": ("libcuda-missing", "nvidia-smi-missing", "torch-import-fails"),
    "login-node-without-gpu": ("no-nvidia-gpu", "driver-module-not-loaded"),
    "no-nvidia-gpu": ("driver-module-not-loaded",),
    "slurm-gpu-not-requested": ("visible-devices-hides-gpus", "no-devices-found", "cuda-driver-init-fails"),
    # health, services and virtual machines
    "gpu-too-hot": ("gpu-throttled",),
    "row-remap-failed": ("xid-needs-action",),
    "compute-mode-prohibited": ("cuda-driver-init-fails", "torch-cuda-unavailable"),
    "mps-daemon-unreachable": ("cuda-driver-init-fails", "torch-cuda-unavailable"),
    "vgpu-profile-without-cuda": ("cuda-driver-init-fails", "torch-cuda-unavailable"),
    "vgpu-unlicensed": ("exclusive-compute-mode",),
    "confidential-computing-not-ready": ("cuda-driver-init-fails", "torch-cuda-unavailable"),
    "fabric-manager-version-mismatch": ("fabric-manager-not-running", "cuda-driver-init-fails"),
    # packages, repositories and container engines
    "driver-libs-baked-in-image": ("driver-library-mixed-install", "driver-library-mismatch", *_NO_ANSWER),
    "docker-snap": ("container-toolkit-missing",),
    "docker-desktop-on-linux": ("container-toolkit-missing",),
}

# what the smoke tests find
_NO_GPU: tuple[Cause, ...] = ("no-gpu-to-test",)
_SMOKE: dict[Cause, tuple[Cause, ...]] = {
    "no-nvidia-gpu": _NO_GPU,
    "cpu-only-build": _NO_GPU,
    "aarch64-wheel-without-cuda": _NO_GPU,
    "torch-import-fails": ("torch-work-fails", *_NO_GPU),
    "torch-import-crashes": ("torch-work-crashes", *_NO_GPU),
    "torch-import-hangs": ("torch-work-hangs", *_NO_GPU),
    "torch-cuda-unavailable": _NO_GPU,
    "torch-cuda-crashes": ("torch-work-crashes", *_NO_GPU),
    "torch-cuda-hangs": ("torch-work-hangs", *_NO_GPU),
    "gpu-fallen-off-bus": ("fewer-gpus-than-expected", *_NO_GPU),
    "visible-devices-hides-gpus": ("fewer-gpus-than-expected",),
    "gpu-ecc-hardware-fault": ("gpu-memory-corrupts", "torch-computes-wrongly", "torch-work-fails"),
    "arch-not-in-build-gpu-newer": ("torch-work-fails",),
    "arch-not-in-build-gpu-older": ("torch-work-fails", "gpu-too-old-for-cudnn"),
    "gpu-too-old-for-cudnn": ("torch-work-fails", "torch-work-crashes"),
    "ld-path-shadows-bundled-libs": ("torch-work-fails", "torch-work-crashes"),
}
EXPLAINS: dict[str, tuple[str, ...]] = {
    cause: (*_DIRECTLY.get(cause, ()), *_SMOKE.get(cause, ())) for cause in (*_DIRECTLY, *_SMOKE)
}
"""cause → the names that it explains, directly. What those explain follows."""

_AREAS = (
    *("HW", "DRV", "DEV", "NVS", "VIRT", "HLTH", "PERF", "WSL", "OS", "APT", "CT", "LD"),
    *("TK", "CC", "ENV", "SH", "HPC", "CON", "PY", "CL", "JET", "GB", "TB", "TR", "SEC", "CI", "SM"),
)
"""The letters of codes, from the hardware up to torch."""
_LOW_IN_TORCH = ("TR002", "TR009", "TR010")
"""Codes with torch's letters that speak of libcuda, below the toolkit."""


_ONE_OF_SEVERAL = ("gpu", "env", "toolkit")
"""Kinds of subjects of which a fault of one explains nothing about another."""


def _related(cause: Finding, effect: Finding) -> bool:
    """Whether the subjects allow that one explains the other; those of one kind are sorted out by `_Causes` already.

    A remark about an environment that is not in use, or about a GPU that nobody misses, explains no error.
    """
    kind, _, which = cause.subject.partition(":")
    other_kind = effect.subject.partition(":")[0]
    if kind == "file" and other_kind in ("file", "var", "toolkit"):
        return re.search(re.escape(which) + r"(?![\w.-])", effect.message) is not None
    return not (kind in ("env", "gpu") and kind != other_kind and cause.severity is Severity.INFO < effect.severity)


class _Causes:
    """Findings by name and subject, so that each effect meets only what may explain it."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        self._findings = findings
        self._explain: dict[str, list[str]] = {}
        self._places: dict[str, dict[str, dict[str, list[int]]]] = {}
        for place, finding in enumerate(findings):
            kind, _, which = finding.subject.partition(":")
            self._places.setdefault(finding.name, {}).setdefault(kind, {}).setdefault(which, []).append(place)
        for name in self._places:
            for effect in closure(name):
                self._explain.setdefault(effect, []).append(name)

    def of(self, effect: Finding) -> tuple[Finding, ...]:
        """What explains the effect, in the order of the findings."""
        kind, _, which = effect.subject.partition(":")
        places = sorted(place for name in self._explain.get(effect.name, ()) for place in self._at(name, kind, which))
        return tuple(cause for cause in map(self._findings.__getitem__, places) if _related(cause, effect))

    def _at(self, name: str, kind: str, which: str) -> Iterator[int]:
        for one_kind, by_subject in self._places[name].items():
            if one_kind == kind and kind in _ONE_OF_SEVERAL:
                for subject in {"", which}:
                    yield from by_subject.get(subject, ())
            else:
                for found in by_subject.values():
                    yield from found


_ON_PURPOSE: frozenset[Cause] = frozenset(
    {
        "container-without-gpu-access",
        "cpu-only-build",
        "driver-module-not-loaded",
        "no-devices-found",
        "prime-select-gpu-off",
        "slurm-gpu-not-requested",
        "vgpu-host-driver-no-cuda",
        "visible-devices-hides-gpus",
    }
)
"""Where one of these is information the GPU is withheld on purpose, and so is what follows."""


def _weighed(effect: Finding, because: tuple[Finding, ...]) -> Severity:
    """What only follows from something that is meant weighs no more than that."""
    if because and all(cause.severity is Severity.INFO and cause.name in _ON_PURPOSE for cause in because):
        return Severity.INFO
    return effect.severity


def link(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """The findings with `because_of` filled in, ranked: root causes first, then by severity, confidence and layer."""
    causes = _Causes(findings)
    linked = []
    for effect in findings:
        because = causes.of(effect)
        # What stands between the two follows from the first as well, and does not count for the weight.
        follow = {name for cause in {one.name for one in because} for name in closure(cause)}
        first = tuple(one for one in because if one.name not in follow)
        linked.append(
            replace(effect, because_of=tuple(cause.id for cause in because), severity=_weighed(effect, first))
        )
    return tuple(sorted(linked, key=_rank))


@cache
def closure(name: str) -> frozenset[str]:
    """Everything that a cause explains, directly or through what it explains."""
    reached: set[str] = set()
    todo = list(EXPLAINS.get(name, ()))
    while todo:
        one = todo.pop()
        if one not in reached:
            reached.add(one)
            todo.extend(EXPLAINS.get(one, ()))
    return frozenset(reached - {name})


def _rank(finding: Finding) -> tuple[bool, int, int, int, int]:
    return (
        bool(finding.because_of),
        -finding.severity,
        -finding.confidence,
        -len(closure(finding.name)),
        layer(finding.code),
    )


def layer(code: str) -> int:
    """The place of a code's area, from the hardware (0) up to torch."""
    if code in _LOW_IN_TORCH:
        return _AREAS.index("LD")
    area = code.rstrip("0123456789")
    return _AREAS.index(area) if area in _AREAS else len(_AREAS)


def roots(findings: tuple[Finding, ...]) -> tuple[str, ...]:
    """Names of the root causes: errors and warnings that nothing else explains, and an info where it explains one."""
    explaining = {cause for finding in findings if finding.severity > Severity.INFO for cause in finding.because_of}
    names = [
        finding.name
        for finding in findings
        if not finding.because_of and (finding.severity > Severity.INFO or finding.id in explaining)
    ]
    return tuple(dict.fromkeys(names))
