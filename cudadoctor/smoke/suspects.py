"""What a failed test points to: first what its message says, then what its layer usually means."""

from __future__ import annotations

import re

from cudadoctor.facts.smoke import SmokeOutcome
from cudadoctor.smoke.suite import Test

_SAYS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"no kernel image is available", ("arch-not-in-build-gpu-newer", "arch-not-in-build-gpu-older")),
    (r"driver on your system is too old|driver version is insufficient", ("driver-too-old-for-runtime",)),
    (r"Found no NVIDIA driver", ("driver-not-installed", "driver-module-not-loaded", "libcuda-missing")),
    (r"libcuda\.so\.1: cannot open", ("libcuda-missing", "driver-not-installed")),
    (r"system not yet initialized|error 802", ("fabric-manager-not-running",)),
    (r"forward compatibility was attempted|error 804", ("cuda-compat-misuse",)),
    (r"driver/library version mismatch|error 803|unsupported display driver", ("driver-library-mismatch",)),
    (r"busy or unavailable", ("exclusive-compute-mode",)),
    (r"stub library|error 34\b", ("stub-libcuda",)),
    (r"uncorrectable (?:ECC|NVLink) error", ("gpu-ecc-hardware-fault",)),
    (r"unknown error|error 999", ("uvm-module-not-loaded", "uvm-broken-after-suspend")),
    (r"no CUDA-capable device|error 100\b", ("visible-devices-hides-gpus", "no-nvidia-gpu")),
    (r"out of memory", ("gpu-memory-held-by-orphan",)),
    (r"CUDNN_STATUS_VERSION_MISMATCH|Unable to load any of .{0,20}libcudnn", ("cudnn-version-mismatch",)),
    (
        r"CUDNN_STATUS_SUBLIBRARY|CUDNN_STATUS_NOT_INITIALIZED",
        ("ld-path-shadows-bundled-libs", "cudnn-version-mismatch"),
    ),
    (r"CUBLAS_STATUS_|CUFFT_|CUSOLVER_STATUS_|CUSPARSE_STATUS_", ("ld-path-shadows-bundled-libs",)),
    (r"undefined symbol", ("ld-path-shadows-bundled-libs", "mixed-cuda-major-packages")),
    (r"GLIBC_[0-9.]{1,8}' not found", ("glibc-too-old",)),
    (r"(?:GLIBCXX|CXXABI)_[0-9.]{1,8}' not found", ("libstdcxx-too-old",)),
    (r"iJIT_NotifyEvent", ("mkl-incompatible",)),
    (r"No module named '?torch\b", ("torch-not-installed", "wrong-interpreter")),
    (r"build without CUDA|not compiled with CUDA", ("cpu-only-build",)),
    (r"Numpy is not available|_ARRAY_API|compiled using NumPy 1", ("numpy2-vs-old-torch",)),
    (r"out of shared memory|Bus error|/dev/shm", ("nccl-shm-too-small",)),
    (r"PTX was compiled with an unsupported toolchain", ("ptx-newer-than-driver",)),
    (r"cannot find -lcuda\b", ("libcuda-not-linkable",)),
    (r"Failed to find C compiler|Python\.h: No such file", ("triton-toolchain-missing",)),
    (r"NVLS", ("nccl-nvls-fabric-error",)),
    (r"unsupported GNU version|unsupported clang version", ("host-compiler-unsupported",)),
)
_ENDED: dict[SmokeOutcome, dict[str, str]] = {
    "crash": {"import": "torch-import-crashes", "devices": "libcuda-crashes", "first-touch": "torch-cuda-crashes"},
    "hang": {"import": "torch-import-hangs", "devices": "libcuda-hangs", "first-touch": "torch-cuda-hangs"},
}
_HARDWARE = ("gpu-ecc-hardware-fault", "gpu-row-remap-pending", "gpu-fallen-off-bus")
_GPU_ONLY = (*_HARDWARE, "arch-not-in-build-gpu-newer", "arch-not-in-build-gpu-older", "memlock-limit-too-low")
_MOST = 4


def suspects(test: Test, outcome: SmokeOutcome, message: str | None, *, gpu: bool) -> tuple[str, ...]:
    """Names of causes, most likely first; none for what passed or was left out."""
    if outcome in ("pass", "skip"):
        return ()
    found = [name for pattern, names in _SAYS if message and re.search(pattern, message) for name in names]
    if not found:
        ended = _ENDED.get(outcome, {}).get(test.name)
        found = [ended] if ended else []
        found += test.suspects
        if gpu and outcome in ("hang", "crash"):
            found += _HARDWARE
        if not gpu:
            found = [name for name in found if name not in _GPU_ONLY]
    return tuple(dict.fromkeys(found))[:_MOST]
