"""What NVML, nvidia-smi, the fabric manager and MPS say; and CUDA's error codes, from a module of their own."""

from __future__ import annotations

from cudadoctor.intake.symptoms import cuda_codes
from cudadoctor.intake.symptoms.row import Row

_NVML = "https://docs.nvidia.com/deploy/nvml-api/group__nvmlDeviceEnumvs.html"
_SMI = "https://docs.nvidia.com/deploy/nvidia-smi/index.html"
_FM = "https://docs.nvidia.com/datacenter/tesla/fabric-manager-user-guide/index.html"
_MPS = "https://docs.nvidia.com/deploy/topics/topic_5_2_2.html"

_BUS = r"(?P<bus>[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-9a-f])"
_HANDLE = rf"determine the device handle for GPU ?(?:\d{{1,3}})?:? ?(?:{_BUS})?:? ?"


def _said(kind: str, word: str, pattern: str, says: str, source: str = _SMI) -> Row:
    return Row(kind=kind, word=word, pattern=pattern, says=says, source=source)


_NVIDIA_SMI = (
    _said(
        "nvml-driver-library-mismatch",
        "version mismatch",
        r"driver/library version mismatch|RM version mismatch|RM has detected an NVML/RM version mismatch",
        "NVML's library and the loaded kernel module are of different versions",
    ),
    _said(
        "nvml-library-version",
        "nvml library version",
        r"NVML library version: ?(?P<version>\d{3}\.\d{1,3}(?:\.\d{1,3})?)",
        "the version of the user-space library that nvidia-smi loaded",
    ),
    _said(
        "smi-cannot-communicate",
        "communicate with the nvidia driver",
        r"couldn.?t communicate with the NVIDIA driver",
        "nvidia-smi found no loaded NVIDIA kernel module",
    ),
    _said(
        "nvml-driver-not-loaded",
        "driver not loaded",
        r"NVML(?: Error)?:? ?(?:\w{0,20} ?)Driver Not Loaded|NVMLError_DriverNotLoaded|NVML_ERROR_DRIVER_NOT_LOADED",
        "NVML found no loaded NVIDIA kernel module",
        _NVML,
    ),
    _said(
        "nvml-unknown-error",
        "nvml: unknown error",
        r"initialize NVML: Unknown Error",
        "NVML may not, or cannot, use the driver's device nodes",
        _NVML,
    ),
    _said(
        "nvml-insufficient-permissions",
        "insufficient permissions",
        r"(?:NVML: |Error: )Insufficient Permissions",
        "the user may not open the driver's device nodes",
        _NVML,
    ),
    _said(
        "nvml-library-not-found",
        "libnvidia-ml.so",
        r"couldn.?t find libnvidia-ml\.so|libnvidia-ml\.so(?:\.1)?: cannot open shared object file",
        "the driver's libnvidia-ml.so.1 is not to be found",
        _NVML,
    ),
    _said(
        "nvml-library-not-found",
        "shared library not found",
        r"NVML Shared Library Not Found|NVMLError_LibraryNotFound",
        "the driver's libnvidia-ml.so.1 is not to be found",
        _NVML,
    ),
    _said(
        "nvml-gpu-access-blocked",
        "blocked by the operating system",
        r"GPU access blocked by the operating system",
        "the operating system (WSL, a hypervisor, a cgroup) keeps NVML from the GPU",
        _NVML,
    ),
    _said(
        "smi-no-devices",
        "no devices were found",
        r"\bNo devices were found",
        "the driver is loaded and has no GPU that it could start",
    ),
    _said("smi-no-devices", "no devices found", r"^\W{0,4}No devices found\W{0,2}$", "the driver has no GPU"),
    _said(
        "device-handle-unknown-error",
        "device handle for",
        _HANDLE + r"Unknown Error",
        "nvidia-smi cannot talk to one of the GPUs",
    ),
    _said("device-handle-lost", "device handle for", _HANDLE + r"GPU is lost", "one of the GPUs fell off the bus"),
    _said(
        "device-handle-not-found",
        "device handle for",
        _HANDLE + r"Not Found",
        "nvidia-smi counts a GPU that it cannot open",
    ),
    _said(
        "device-handle-no-permission",
        "device handle for",
        _HANDLE + r"Insufficient Permissions",
        "the user may not open one GPU's device node",
    ),
    _said(
        "gpu-requires-reset",
        "reset",
        r"GPU requires reset|\bReset Required\b|NVML_ERROR_RESET_REQUIRED",
        "one of the GPUs has to be reset before it works again",
        _NVML,
    ),
    _said(
        "gpu-is-lost",
        "gpu is lost",
        r"\bGPU is lost\b|NVMLError_GpuIsLost",
        "one of the GPUs no longer answers on the bus",
        _NVML,
    ),
    _said(
        "inforom-corrupt",
        "inforom is corrupted",
        r"infoROM is corrupted(?: at gpu " + _BUS + r")?",
        "the GPU's own store of configuration and error counts is damaged",
        _NVML,
    ),
    _said(
        "no-mig-devices",
        "no mig devices",
        r"No MIG devices found",
        "MIG mode is on and no instance was made",
    ),
    _said(
        "mig-mode-pending",
        "pending enable",
        r"MIG mode is in pending (?:enable|disable) state",
        "the MIG mode that was asked for takes effect at the next reset of the GPU",
    ),
)

_FABRIC_AND_MPS = (
    _said(
        "fabric-manager-version",
        "match with driver version",
        r"interface version (?P<manager>\d{3}\.\d{1,3}(?:\.\d{1,3})?) (?:don.?t|doesn.?t) match with driver version "
        r"(?P<driver>\d{3}\.\d{1,3}(?:\.\d{1,3})?)",
        "the fabric manager is of another version than the loaded driver, and ends",
        _FM,
    ),
    _said(
        "fabric-nothing-to-do",
        "nv_warn_nothing_to_do",
        r"\bNV_WARN_NOTHING_TO_DO\b",
        "the NVSwitch driver has no NVSwitch to manage",
        _FM,
    ),
    _said(
        "fabric-manager-failed",
        "fabricmanager",
        r"nvidia-fabricmanager(?:\.service)?(?:: Failed with result| failed because|: Control process exited|: "
        r"Main process exited)",
        "the fabric manager's service ended with an error",
        _FM,
    ),
    _said(
        "fabric-manager-stopped",
        "fabricmanager",
        r"nvidia-fabricmanager(?:\.service)? (?:is not running|could not be found)|"
        r"Unit nvidia-fabricmanager\.service (?:could not be found|not found)",
        "the fabric manager does not run, or is not installed",
        _FM,
    ),
    _said(
        "mps-control-unreachable",
        "mps",
        r"Cannot find MPS control daemon process",
        "nvidia-cuda-mps-control finds no daemon behind its pipe directory",
        _MPS,
    ),
    _said(
        "mps-control-running",
        "mps",
        r"nvidia-cuda-mps-control -d\b|An instance of this daemon is already running",
        "an MPS daemon was started",
        _MPS,
    ),
)

_SMALL = (
    _said(
        "libcuda-stub-loaded",
        "/stubs/libcuda.so",
        r"(?:=> ?|loaded from:? ?|loaded libcuda from:? ?|CDLL\(['\"])"
        r"(?P<path>/[^\s:'\"]{0,200}/stubs/libcuda\.so[.\d]{0,12})",
        "the loader took the toolkit's stub of libcuda",
        "https://man7.org/linux/man-pages/man8/ld.so.8.html",
    ),
    _said(
        "libcuda-stub-loaded",
        "/stubs/libcuda.so",
        r"(?P<path>/[^\s:'\"]{0,200}/stubs/libcuda\.so[.\d]{0,12}): (?:undefined symbol|symbol lookup error)",
        "the loader took the toolkit's stub of libcuda",
        "https://man7.org/linux/man-pages/man3/dlerror.3.html",
    ),
    _said(
        "memory-of-another-process",
        "memory in use",
        r"\bProcess (?P<process>\d{1,9}) has (?P<amount>\d{1,5}(?:\.\d{1,3})?) (?P<unit>[GM]iB) memory in use",
        "when torch ran out of GPU memory, another process held a part of it",
        "https://github.com/pytorch/pytorch/blob/main/c10/cuda/CUDACachingAllocator.cpp",
    ),
    _said(
        "confidential-not-ready",
        "gpus ready state",
        r"Confidential Compute GPUs Ready state: ?not[- ]ready",
        "confidential computing is on, and the GPUs were not set ready",
        "https://docs.nvidia.com/deploy/nvml-api/620/api/group__nvmlConfidentialComputingDefs.html",
    ),
    _said(
        "confidential-on",
        "cc status",
        r"\bCC status: ?ON\b",
        "confidential computing is on",
        "https://docs.nvidia.com/deploy/nvml-api/620/api/group__nvmlConfidentialComputingDefs.html",
    ),
    _said(
        "vgpu-unlicensed",
        "unlicensed",
        r"License Status ?: ?Unlicensed|vGPU[^\n]{0,60}\bunlicensed\b",
        "a virtual GPU has no licence",
        "https://docs.nvidia.com/vgpu/12.0/grid-licensing-user-guide/index.html",
    ),
    _said(
        "vgpu-size",
        "_a10_v5",
        r"\bStandard_NV\d{1,3}a[a-z]{0,3}_A10_v5\b",
        "a size of Azure's machines that has a part of a GPU, by NVIDIA's vGPU",
        "https://learn.microsoft.com/azure/virtual-machines/sizes/gpu-accelerated/nvadsa10v5-series",
    ),
)

ROWS = (*cuda_codes.ROWS, *_NVIDIA_SMI, *_FABRIC_AND_MPS, *_SMALL)
"""Codes first: kinds `cuda-error-N`."""
