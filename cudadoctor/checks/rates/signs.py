"""Signs that have several causes, and how often each is the one.

The shares are of a hundred reports with that sign. They were estimated on 2026-12-01: counted over 203 public reports
whose cause was confirmed where several of these have the sign, and else taken from the order in which the vendor's page
beside them names the causes. No page publishes shares, so none of them is exact; tests keep what depends on them.
"""

from __future__ import annotations

from collections.abc import Mapping

from cudadoctor.checks.engine.likelihood import Sign
from cudadoctor.compat.source import Source

_READ_ON = "2026-12-01"


def _sign(title: str, url: str, kinds: tuple[str, ...], causes: Mapping[str, float], *, general: bool = False) -> Sign:
    return Sign(kinds=kinds, causes=causes, source=Source(title=title, url=url, read_on=_READ_ON), general=general)


_SMI = "https://docs.nvidia.com/deploy/nvidia-smi/"
_NVML = "https://docs.nvidia.com/deploy/nvml-api/group__nvmlDeviceEnumvs.html"
_CODES = "https://docs.nvidia.com/cuda/cuda-driver-api/group__CUDA__TYPES.html"
_MODULES = "https://docs.nvidia.com/datacenter/tesla/driver-installation-guide/kernel-modules.html"
_CONTAINERS = "https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/troubleshooting.html"
_COMPATIBILITY = "https://docs.nvidia.com/deploy/cuda-compatibility/"
_TORCH = "https://github.com/pytorch/pytorch/blob/main/torch/cuda/__init__.py"
_CUDA_FUNCTIONS = "https://github.com/pytorch/pytorch/blob/main/c10/cuda/CUDAFunctions.cpp"
_NCCL = "https://docs.nvidia.com/deeplearning/nccl/user-guide/docs/troubleshooting.html"
_LOADER = "https://man7.org/linux/man-pages/man8/ld.so.8.html"
_CUDNN = "https://docs.nvidia.com/deeplearning/cudnn/latest/api/cudnn-graph-library.html"
_CUBLAS = "https://docs.nvidia.com/cuda/cublas/"
_PIP = "https://pip.pypa.io/en/stable/topics/dependency-resolution/"
_CONDA = "https://docs.conda.io/projects/conda/en/latest/user-guide/tasks/manage-virtual.html"

SIGNS: tuple[Sign, ...] = (
    # the driver does not answer
    _sign(
        "nvidia-smi: return value 9",
        _SMI,
        ("smi-cannot-communicate", "smi-no-driver", "nvml-driver-not-loaded", "container-driver-not-loaded"),
        {
            "driver-module-not-loaded": 40,
            "secure-boot-unsigned-module": 8,
            "kernel-module-not-built": 9,
            "kernel-headers-missing": 7,
            "dkms-build-failed": 6,
            "nouveau-conflict": 5,
            "driver-not-installed": 4,
            "gpu-dropped-by-driver": 3,
            "container-without-gpu-access": 3,
            "no-nvidia-gpu": 3,
            "wsl-windows-side-broken": 1,
            "wsl1-no-gpu": 1,
            "prime-select-gpu-off": 2,
            "gpu-fallen-off-bus": 1,
            "driver-libs-baked-in-image": 1,
            "open-module-on-pre-turing-gpu": 1,
        },
    ),
    _sign(
        "nvidia-smi: No devices were found",
        _SMI,
        ("smi-no-devices", "smi-lists-no-gpu", "persistenced-no-devices"),
        {
            "no-devices-found": 35,
            "proprietary-module-on-open-only-gpu": 12,
            "open-module-on-pre-turing-gpu": 6,
            "gpu-fallen-off-bus": 6,
            "gsp-firmware-missing": 4,
            "pci-bar-not-assigned": 5,
            "gpu-bound-to-vfio": 3,
            "cgroup-denies-gpu-devices": 6,
            "container-without-gpu-access": 4,
            "slurm-gpu-not-requested": 4,
            "login-node-without-gpu": 2,
            "power-supply-fault": 2,
            "driver-too-old-for-gpu": 3,
            "gsp-rpc-timeout": 2,
            "device-node-permissions": 2,
        },
    ),
    _sign(
        "the kernel module could not start the GPU (RmInitAdapter)",
        "https://github.com/NVIDIA/open-gpu-kernel-modules",
        ("gpu-start-failed",),
        {
            "no-devices-found": 35,
            "proprietary-module-on-open-only-gpu": 18,
            "gpu-fallen-off-bus": 9,
            "pci-bar-not-assigned": 9,
            "gsp-firmware-missing": 7,
            "gsp-rpc-timeout": 5,
            "power-supply-fault": 3,
            "gpu-vbios-too-old": 2,
            "driver-too-old-for-gpu": 4,
        },
    ),
    _sign(
        "NVIDIA Driver Installation Guide: kernel modules",
        _MODULES,
        ("module-finds-no-device", "module-no-such-device", "nvrm-probe-failed"),
        {
            "driver-module-not-loaded": 51,
            "open-module-on-pre-turing-gpu": 7,
            "gpu-dropped-by-driver": 7,
            "proprietary-module-on-open-only-gpu": 4,
            "nouveau-conflict": 6,
            "no-nvidia-gpu": 5,
            "pci-bar-not-assigned": 4,
            "gpu-fallen-off-bus": 3,
            "gpu-bound-to-vfio": 3,
            "driver-too-old-for-gpu": 4,
        },
    ),
    _sign(
        "NVIDIA Container Toolkit: containers losing access to GPUs",
        _CONTAINERS,
        ("nvml-unknown-error",),
        {
            "container-cgroup-lost-devices": 55,
            "container-no-cgroups-setting": 12,
            "gpu-fallen-off-bus": 8,
            "cgroup-denies-gpu-devices": 6,
            "container-selinux": 4,
            "device-node-permissions": 4,
        },
    ),
    _sign(
        "NVML: NVML_ERROR_NO_PERMISSION",
        _NVML,
        ("nvml-insufficient-permissions",),
        {"device-node-permissions": 50, "container-selinux": 25, "cgroup-denies-gpu-devices": 10},
    ),
    _sign(
        "NVML: NVML_ERROR_LIBRARY_NOT_FOUND",
        _NVML,
        ("nvml-library-not-found",),
        {
            "driver-not-installed": 24,
            "container-toolkit-missing": 22,
            "docker-snap": 12,
            "docker-desktop-on-linux": 12,
            "container-without-gpu-access": 10,
            "driver-libs-baked-in-image": 5,
            "wsl-windows-side-broken": 3,
        },
    ),
    _sign(
        "NVML: NVML_ERROR_OPERATING_SYSTEM",
        _NVML,
        ("nvml-gpu-access-blocked",),
        {"wsl-windows-side-broken": 60, "cgroup-denies-gpu-devices": 10, "wsl1-no-gpu": 8},
    ),
    _sign(
        "NVML: driver and library of different versions",
        _NVML,
        (
            "nvml-driver-library-mismatch",
            "nvml-version-mismatch",
            "nvml-mismatch",
            "cuda-error-803",
            "cuinit-failed-803",
        ),
        {
            "driver-library-mismatch": 66,
            "driver-library-mixed-install": 12,
            "kernel-module-stale": 6,
            "initramfs-has-old-module": 4,
            "driver-libs-baked-in-image": 4,
            "cuda-compat-misuse": 2,
        },
    ),
    # CUDA does not start
    _sign(
        "CUDA Driver API: CUDA_ERROR_UNKNOWN",
        _CODES,
        ("cuda-unknown-error", "cuda-error-999", "cuinit-failed-999"),
        {
            "uvm-broken-after-suspend": 34,
            "uvm-module-not-loaded": 28,
            "driver-library-mismatch": 5,
            "device-node-permissions": 5,
            "gpu-fallen-off-bus": 4,
            "kernel-module-not-built": 3,
            "stub-libcuda": 2,
            "container-cgroup-lost-devices": 3,
            "xid-needs-action": 3,
            "visible-devices-hides-gpus": 3,
            "container-without-gpu-access": 2,
            "reboot-pending": 2,
        },
    ),
    _sign(
        "CUDA Driver API: CUDA_ERROR_NO_DEVICE",
        _CODES,
        ("cuda-error-100", "cuinit-failed-100"),
        {
            "visible-devices-hides-gpus": 28,
            "container-without-gpu-access": 12,
            "no-devices-found": 8,
            "driver-module-not-loaded": 10,
            "slurm-gpu-not-requested": 6,
            "no-nvidia-gpu": 5,
            "device-node-permissions": 6,
            "wsl-libcuda-shadowed": 3,
            "wsl-windows-side-broken": 3,
            "driver-library-mixed-install": 4,
            "uvm-module-not-loaded": 3,
            "gpu-fallen-off-bus": 2,
        },
    ),
    _sign(
        "CUDA Driver API: CUDA_ERROR_INVALID_DEVICE",
        _CODES,
        ("cuda-error-101", "device-index-too-high"),
        {"visible-devices-hides-gpus": 62, "mig-one-instance-per-process": 10, "slurm-gpu-not-requested": 4},
    ),
    _sign(
        "CUDA Driver API: CUDA_ERROR_NOT_INITIALIZED",
        _CODES,
        ("cuda-error-3", "torch-driver-init-failed", "cuinit-failed-3"),
        {
            "uvm-hmm-breaks-cuinit": 22,
            "uvm-module-not-loaded": 14,
            "uvm-broken-after-suspend": 10,
            "cuda-driver-init-fails": 18,
            "driver-module-not-loaded": 6,
            "gpu-fallen-off-bus": 4,
            "visible-devices-hides-gpus": 4,
            "device-node-permissions": 3,
        },
    ),
    _sign(
        "CUDA Driver API: CUDA_ERROR_INVALID_VALUE from a runtime older than 10.1, or insufficient driver",
        _COMPATIBILITY,
        ("cuda-error-35", "cuda-driver-insufficient"),
        {
            "driver-too-old-for-runtime": 62,
            "container-without-gpu-access": 7,
            "driver-module-not-loaded": 6,
            "vgpu-host-driver-no-cuda": 3,
            "wsl-windows-side-broken": 3,
            "stub-libcuda": 2,
            "driver-not-installed": 3,
            "libcuda-missing": 2,
            "driver-libs-baked-in-image": 2,
        },
    ),
    _sign(
        "CUDA Driver API: CUDA_ERROR_DEVICE_UNAVAILABLE",
        _CODES,
        ("cuda-error-46", "cuinit-failed-46"),
        {
            "exclusive-compute-mode": 40,
            "vgpu-unlicensed": 12,
            "gpu-fallen-off-bus": 6,
            "xid-needs-action": 5,
            "gpu-memory-held-by-orphan": 5,
            "wsl-windows-side-broken": 4,
            "mps-daemon-unreachable": 4,
            "mig-enabled-no-instances": 4,
            "compute-mode-prohibited": 3,
        },
    ),
    _sign(
        "CUDA Driver API: CUDA_ERROR_SYSTEM_NOT_READY",
        _CODES,
        ("cuda-error-802", "cuinit-failed-802"),
        {
            "fabric-manager-not-running": 60,
            "fabric-manager-version-mismatch": 14,
            "nvlink-inactive": 4,
            "confidential-computing-not-ready": 5,
            "driver-library-mixed-install": 3,
            "uvm-module-not-loaded": 3,
            "gpu-fallen-off-bus": 2,
            "reboot-pending": 2,
        },
    ),
    _sign(
        "CUDA Compatibility: forward compatibility",
        "https://docs.nvidia.com/deploy/cuda-compatibility/forward-compatibility.html",
        ("cuda-error-804", "cuinit-failed-804"),
        {
            "cuda-compat-misuse": 46,
            "driver-library-mismatch": 18,
            "driver-libs-baked-in-image": 12,
            "driver-too-old-for-runtime": 12,
        },
    ),
    _sign(
        "CUDA Driver API: CUDA_ERROR_OPERATING_SYSTEM",
        _CODES,
        ("cuda-error-304", "cuinit-failed-304"),
        {
            "device-node-permissions": 22,
            "container-selinux": 14,
            "cgroup-denies-gpu-devices": 14,
            "address-space-limited": 12,
            "container-cgroup-lost-devices": 8,
            "uvm-module-not-loaded": 6,
            "memlock-limit-too-low": 4,
        },
    ),
    _sign(
        "CUDA Driver API: CUDA_ERROR_NOT_SUPPORTED",
        _CODES,
        ("cuda-error-801",),
        {
            "vgpu-profile-without-cuda": 20,
            "nccl-nvls-fabric-error": 12,
            "wsl-windows-side-broken": 12,
            "driver-too-old-for-runtime": 10,
            "cuda-compat-misuse": 6,
        },
    ),
    _sign(
        "torch: out of memory while devices are counted",
        _CUDA_FUNCTIONS,
        ("cuinit-failed-2",),
        {"wsl-windows-side-broken": 40, "gpu-memory-held-by-orphan": 15, "address-space-limited": 15},
    ),
    _sign(
        "PyTorch: understanding CUDA memory usage",
        "https://docs.pytorch.org/docs/stable/torch_cuda_memory.html",
        ("cuda-error-2",),
        {"gpu-memory-occupied": 20, "gpu-memory-held-by-orphan": 12, "wsl-windows-side-broken": 2},
    ),
    # torch finds no GPU
    _sign(
        "torch.cuda.is_available",
        _TORCH,
        ("torch-finds-no-gpu", "torch-finds-none-said"),
        {
            "cpu-only-build": 34,
            "driver-too-old-for-runtime": 16,
            "driver-module-not-loaded": 6,
            "container-without-gpu-access": 6,
            "visible-devices-hides-gpus": 6,
            "driver-not-installed": 4,
            "uvm-broken-after-suspend": 3,
            "uvm-module-not-loaded": 4,
            "aarch64-wheel-without-cuda": 3,
            "slurm-gpu-not-requested": 3,
            "login-node-without-gpu": 2,
            "no-nvidia-gpu": 3,
            "device-node-permissions": 2,
            "wsl-windows-side-broken": 1,
            "driver-library-mismatch": 3,
            "jetson-generic-wheel": 2,
        },
        general=True,
    ),
    _sign(
        "torch: No CUDA GPUs are available",
        _TORCH,
        ("program-finds-no-gpu", "cuda-asked-for"),
        {
            "visible-devices-hides-gpus": 38,
            "cpu-only-build": 8,
            "no-nvidia-gpu": 6,
            "driver-module-not-loaded": 4,
            "container-without-gpu-access": 7,
            "slurm-gpu-not-requested": 6,
            "device-node-permissions": 4,
            "driver-too-old-for-runtime": 4,
            "uvm-module-not-loaded": 2,
            "login-node-without-gpu": 2,
            "mig-enabled-no-instances": 2,
            "no-devices-found": 3,
        },
        general=True,
    ),
    _sign(
        "torch: Found no NVIDIA driver",
        _TORCH,
        ("no-nvidia-driver", "libcuda-not-found", "image-found-no-driver"),
        {
            "container-without-gpu-access": 26,
            "driver-not-installed": 22,
            "driver-module-not-loaded": 12,
            "no-nvidia-gpu": 8,
            "container-driver-capabilities-missing": 6,
            "libcuda-missing": 7,
            "login-node-without-gpu": 4,
            "stub-libcuda": 2,
            "wsl1-no-gpu": 1,
            "wsl-windows-side-broken": 1,
            "container-toolkit-missing": 3,
        },
    ),
    _sign(
        "torch: Torch not compiled with CUDA enabled",
        _TORCH,
        ("torch-without-cuda",),
        {"cpu-only-build": 86, "aarch64-wheel-without-cuda": 4, "jetson-generic-wheel": 3, "wrong-interpreter": 3},
    ),
    # the GPU and the build
    _sign(
        "CUDA Programming Guide: binary compatibility",
        "https://docs.nvidia.com/cuda/cuda-programming-guide/05-appendices/compute-capabilities.html",
        ("no-kernel-image", "cuda-error-209", "no-kernels-for-gpu", "gpu-not-in-build"),
        {
            "arch-not-in-build-gpu-newer": 44,
            "arch-not-in-build-gpu-older": 26,
            "extension-built-for-other-arch": 20,
        },
    ),
    _sign(
        "CUDA Driver API: CUDA_ERROR_UNSUPPORTED_PTX_VERSION",
        _CODES,
        ("ptx-unsupported",),
        {"ptx-newer-than-driver": 80, "driver-too-old-for-runtime": 12},
    ),
    _sign(
        "cuDNN: cudnnStatus_t",
        _CUDNN,
        ("cudnn-failed",),
        {
            "arch-not-in-build-gpu-newer": 14,
            "ld-path-shadows-bundled-libs": 22,
            "cudnn-version-mismatch": 16,
            "gpu-memory-occupied": 12,
            "driver-too-old-for-runtime": 8,
            "mixed-cuda-major-packages": 4,
            "arch-not-in-build-gpu-older": 5,
        },
    ),
    _sign(
        "cuBLAS: cublasStatus_t",
        _CUBLAS,
        ("cublas-failed",),
        {
            "gpu-memory-occupied": 24,
            "ld-path-shadows-bundled-libs": 12,
            "arch-not-in-build-gpu-newer": 12,
            "driver-too-old-for-runtime": 5,
            "mixed-cuda-major-packages": 3,
        },
    ),
    _sign(
        "cuBLAS: CUBLAS_STATUS_INVALID_VALUE with arguments that are valid",
        _CUBLAS,
        ("cublas-refused",),
        {"ld-path-shadows-bundled-libs": 56, "arch-not-in-build-gpu-newer": 6, "mixed-cuda-major-packages": 8},
    ),
    _sign(
        "CUDA Driver API: CUDA_ERROR_ILLEGAL_ADDRESS",
        _CODES,
        ("cuda-error-700", "cuda-error-719"),
        {
            "xid-from-program": 20,
            "extension-built-for-other-arch": 8,
            "gpu-ecc-hardware-fault": 4,
            "known-bad-torch-release": 8,
            "nccl-p2p-acs-iommu": 4,
        },
    ),
    _sign(
        "PyTorch: CUDA semantics, device-side assertions",
        "https://docs.pytorch.org/docs/stable/notes/cuda.html",
        ("cuda-error-710",),
        {"xid-from-program": 10, "arch-not-in-build-gpu-newer": 4},
    ),
    # libraries
    _sign(
        "ld.so: how libraries are found",
        _LOADER,
        ("cuda-library-not-found", "wheel-library-missing", "cudnn-part-not-found"),
        {
            "cuda-lib-not-on-loader-path": 45,
            "runtime-lib-version-mismatch": 16,
            "extension-built-for-other-cuda": 13,
            "site-packages-split-lib-lib64": 6,
            "torch-pins-unmet": 6,
            "torch-import-missing-library": 8,
        },
    ),
    _sign(
        "ld.so: symbols of a library of another version",
        _LOADER,
        ("cuda-symbol-undefined", "nvjitlink-symbol-undefined", "cudnn-symbol-undefined", "cublas-halves-differ"),
        {
            "ld-path-shadows-bundled-libs": 58,
            "nvjitlink-skew": 12,
            "mixed-cuda-major-packages": 8,
            "cudnn-version-mismatch": 8,
            "torch-pins-unmet": 4,
        },
    ),
    _sign(
        "cuDNN of another version than the program was built with",
        _CUDNN,
        ("cudnn-version-incompatible", "cudnn-parts-differ", "xla-cudnn-incompatible", "cudnn-on-library-path"),
        {"ld-path-shadows-bundled-libs": 52, "cudnn-version-mismatch": 36, "mixed-cuda-major-packages": 5},
    ),
    _sign(
        "JAX and TensorFlow: libraries of CUDA that cannot be loaded",
        "https://docs.jax.dev/en/latest/installation.html",
        ("accelerator-library-not-loaded",),
        {
            "ld-path-shadows-bundled-libs": 32,
            "cuda-lib-not-on-loader-path": 30,
            "mixed-cuda-major-packages": 8,
            "runtime-lib-version-mismatch": 12,
        },
    ),
    _sign(
        "JAX: CUDA older than the one it was built with",
        "https://docs.jax.dev/en/latest/installation.html",
        ("cuda-runtime-older-than-built",),
        {"runtime-lib-version-mismatch": 42, "ld-path-shadows-bundled-libs": 42, "torch-pins-unmet": 4},
    ),
    # several GPUs
    _sign(
        "NCCL: troubleshooting",
        _NCCL,
        ("nccl-system-error",),
        {
            "nccl-shm-too-small": 34,
            "nccl-network-unreachable": 26,
            "memlock-limit-too-low": 10,
            "nccl-version-conflict": 4,
            "nccl-env-leftovers": 4,
        },
    ),
    _sign(
        "NCCL: troubleshooting",
        _NCCL,
        ("nccl-cuda-error",),
        {
            "nccl-nvls-fabric-error": 16,
            "driver-too-old-for-runtime": 14,
            "gpu-memory-occupied": 10,
            "arch-not-in-build-gpu-newer": 8,
            "nccl-version-conflict": 8,
            "mig-one-instance-per-process": 6,
            "nccl-p2p-acs-iommu": 8,
        },
    ),
    _sign(
        "NCCL: troubleshooting, PCI access control services",
        _NCCL,
        ("nccl-timed-out",),
        {
            "nccl-p2p-acs-iommu": 30,
            "nccl-network-unreachable": 14,
            "gpu-fallen-off-bus": 6,
            "nccl-shm-too-small": 4,
        },
    ),
    _sign(
        "NCCL: troubleshooting, PCI access control services",
        _NCCL,
        ("program-hangs",),
        {
            "nccl-p2p-acs-iommu": 30,
            "nccl-network-unreachable": 12,
            "nvidia-smi-hangs": 5,
            "gpu-fallen-off-bus": 6,
            "nccl-shm-too-small": 4,
            "proprietary-module-on-open-only-gpu": 3,
            "gsp-rpc-timeout": 5,
        },
        general=True,
    ),
    # containers
    _sign(
        "Kubernetes: extended resources that no node has",
        "https://kubernetes.io/docs/tasks/manage-gpus/scheduling-gpus/",
        ("pod-gpu-insufficient", "device-plugin-finds-no-nvml", "operator-driver-not-ready"),
        {
            "container-toolkit-missing": 48,
            "driver-not-installed": 14,
            "driver-module-not-loaded": 10,
            "no-nvidia-gpu": 6,
            "driver-library-mismatch": 3,
        },
    ),
    _sign(
        "moby: could not select device driver",
        "https://github.com/moby/moby/blob/master/daemon/devices.go",
        ("no-gpu-device-driver", "nvidia-runtime-unknown", "nvidia-hook-missing", "cdi-device-unresolvable"),
        {"container-toolkit-missing": 82, "docker-snap": 6, "docker-desktop-on-linux": 6},
    ),
    # installing
    _sign(
        "pip: no matching distribution",
        _PIP,
        ("pip-no-version", "uv-no-wheel", "wheel-not-supported", "no-wheel-for-this-platform"),
        {
            "python-version-no-wheel": 44,
            "wheel-index-nonexistent": 20,
            "python-32bit": 14,
            "aarch64-wheel-without-cuda": 6,
        },
    ),
    _sign(
        "conda: virtual packages",
        _CONDA,
        ("conda-unsatisfiable", "conda-nothing-provides-cuda"),
        {
            "conda-cuda-virtual-package-missing": 30,
            "conda-package-not-in-channel": 12,
            "conda-channel-frozen": 14,
            "driver-too-old-for-runtime": 10,
            "python-version-no-wheel": 6,
            "glibc-too-old": 3,
        },
    ),
    _sign(
        "Python: a package that cannot be imported",
        "https://docs.python.org/3/library/exceptions.html",
        ("torch-module-not-found",),
        {
            "build-isolation-hides-torch": 26,
            "wrong-interpreter": 40,
            "torch-not-installed": 24,
            "local-module-shadows": 2,
        },
    ),
    _sign(
        "nvcc: options and architectures",
        "https://docs.nvidia.com/cuda/cuda-compiler-driver-nvcc/",
        ("nvcc-refused", "unsupported-gpu-architecture"),
        {
            "toolkit-too-old-for-gpu": 60,
            "toolkit-too-new-for-gpu": 14,
            "host-compiler-unsupported": 6,
            "several-toolkits": 6,
        },
    ),
    _sign(
        "dkms: how a build fails",
        "https://github.com/dell/dkms/blob/main/run_test.sh",
        ("dkms-nvidia-failed", "installer-build-failed", "dpkg-not-configured"),
        {
            "dkms-build-failed": 58,
            "kernel-too-new-for-driver": 12,
            "kernel-headers-missing": 12,
            "build-tools-missing": 6,
        },
    ),
    _sign(
        "signal(7): SIGILL",
        "https://man7.org/linux/man-pages/man7/signal.7.html",
        ("illegal-instruction",),
        {"cpu-lacks-instructions": 76, "torch-import-crashes": 10, "aarch64-wheel-without-cuda": 2},
    ),
)


def of(present: frozenset[str]) -> tuple[Sign, ...]:
    """The signs that are there, each once however many of its messages are."""
    found = tuple(sign for sign in SIGNS if present.intersection(sign.kinds))
    return tuple(sign for sign in found if not sign.general) or found
