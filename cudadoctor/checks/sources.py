"""The vendors' pages that rules rest on, and the day each was read."""

from __future__ import annotations

from cudadoctor.checks.base import Source

_READ_ON = "2026-11-23"


def _page(title: str, url: str) -> Source:
    return Source(title=title, url=url, read_on=_READ_ON)


ALLOCATION_OF_DEVICES = _page(
    "CUDA Programming Guide: environment variables",
    "https://docs.nvidia.com/cuda/cuda-programming-guide/05-appendices/environment-variables.html",
)
BASH = _page(
    "Bash Reference Manual: startup files",
    "https://www.gnu.org/software/bash/manual/bash.html#Bash-Startup-Files",
)
COMPAT = _page(
    "CUDA Compatibility: minor version compatibility",
    "https://docs.nvidia.com/deploy/cuda-compatibility/minor-version-compatibility.html",
)
FORWARD_COMPAT = _page(
    "CUDA Compatibility: forward compatibility",
    "https://docs.nvidia.com/deploy/cuda-compatibility/forward-compatibility.html",
)
CONTAINER_TOOLKIT = _page(
    "NVIDIA Container Toolkit: specialized configurations with Docker",
    "https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/docker-specialized.html",
)
CONTAINER_LOST_GPU = _page(
    "NVIDIA Container Toolkit: containers losing access to GPUs",
    "https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/troubleshooting.html",
)
CPP_EXTENSION = _page("torch.utils.cpp_extension", "https://docs.pytorch.org/docs/stable/cpp_extension.html")
CUDA_ERRORS = _page("CUDA Driver API: CUresult", "https://docs.nvidia.com/cuda/cuda-driver-api/group__CUDA__TYPES.html")
DRIVER_INSTALL = _page(
    "NVIDIA Driver Installation Guide", "https://docs.nvidia.com/datacenter/tesla/driver-installation-guide/"
)
FABRIC_MANAGER = _page(
    "NVIDIA Fabric Manager User Guide", "https://docs.nvidia.com/datacenter/tesla/fabric-manager-user-guide/"
)
INSTALL_GUIDE = _page(
    "CUDA Installation Guide for Linux", "https://docs.nvidia.com/cuda/cuda-installation-guide-linux/"
)
KERNEL_MODULES = _page(
    "NVIDIA Driver Installation Guide: kernel modules",
    "https://docs.nvidia.com/datacenter/tesla/driver-installation-guide/kernel-modules.html",
)
LD_SO = _page("ld.so(8)", "https://man7.org/linux/man-pages/man8/ld.so.8.html")
MEMORY_ERRORS = _page(
    "GPU Memory Error Management: error recovery and response flags",
    "https://docs.nvidia.com/deploy/a100-gpu-mem-error-mgmt/error-recovery-and-response-flags.html",
)
MIG = _page("MIG User Guide", "https://docs.nvidia.com/datacenter/tesla/mig-user-guide/")
MKL = _page("pytorch/pytorch#123097", "https://github.com/pytorch/pytorch/issues/123097")
NUMPY2 = _page("pytorch/pytorch#107302", "https://github.com/pytorch/pytorch/issues/107302")
NVCC_GCC = _page(
    "CUDA Installation Guide for Linux: host compiler support policy",
    "https://docs.nvidia.com/cuda/cuda-installation-guide-linux/#host-compiler-support-policy",
)
NVJITLINK = _page("pytorch/pytorch#134929", "https://github.com/pytorch/pytorch/issues/134929")
NVML = _page("NVML API Reference", "https://docs.nvidia.com/deploy/nvml-api/")
PIP_AND_CONDA = _page(
    "conda: using pip in a conda environment",
    "https://docs.conda.io/projects/conda/en/latest/user-guide/tasks/manage-environments.html",
)
PYTORCH_CHANNEL = _page("pytorch/pytorch#138506", "https://github.com/pytorch/pytorch/issues/138506")
PYTORCH_INSTALL = _page("PyTorch: start locally", "https://pytorch.org/get-started/locally/")
PYTORCH_RELEASES = _page("PyTorch: RELEASE.md", "https://github.com/pytorch/pytorch/blob/main/RELEASE.md")
SMI = _page("nvidia-smi documentation", "https://docs.nvidia.com/deploy/nvidia-smi/")
TORCHVISION = _page("torchvision: installation", "https://github.com/pytorch/vision#installation")
UVM_TROUBLE = _page("pytorch/pytorch#49081", "https://github.com/pytorch/pytorch/issues/49081")
VGPU_LICENCE = _page(
    "NVIDIA vGPU software: client licensing", "https://docs.nvidia.com/vgpu/latest/grid-licensing-user-guide/"
)
WSL = _page("CUDA on WSL User Guide", "https://docs.nvidia.com/cuda/wsl-user-guide/")


# Read for the checks of shells, limits, toolkits and clusters.


def _read(title: str, url: str) -> Source:
    return Source(title=title, url=url, read_on="2026-11-25")


ALLOCATOR = _read("PyTorch: CUDA semantics, memory management", "https://docs.pytorch.org/docs/stable/notes/cuda.html")
CI_RUNNERS = _read("GitHub Docs: larger runners", "https://docs.github.com/en/actions/concepts/runners/larger-runners")
COMPILER_CACHE = _read(
    "PyTorch: compile-time caching", "https://docs.pytorch.org/tutorials/recipes/torch_compile_caching_tutorial.html"
)
CUDNN_INSTALL = _read(
    "cuDNN: installing on Linux", "https://docs.nvidia.com/deeplearning/cudnn/installation/latest/linux.html"
)
DEVICE_ORDER = _read(
    "CUDA Programming Guide: environment variables",
    "https://docs.nvidia.com/cuda/cuda-programming-guide/05-appendices/environment-variables.html",
)
FLATPAK = _read(
    "Flatpak documentation: sandbox permissions", "https://docs.flatpak.org/en/latest/sandbox-permissions.html"
)
GETRLIMIT = _read("getrlimit(2)", "https://man7.org/linux/man-pages/man2/getrlimit.2.html")
GLIBC_241 = _read("NVIDIA/cuda-samples#378", "https://github.com/NVIDIA/cuda-samples/issues/378")
GPUDIRECT = _read("NVIDIA GPUDirect RDMA", "https://docs.nvidia.com/cuda/gpudirect-rdma/")
MANYLINUX = _read("PEP 656: platform tag for musl", "https://peps.python.org/pep-0656/")
MEMORY_CGROUP = _read(
    "Linux: control group v2, memory", "https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files"
)
NOEXEC = _read("pytorch/pytorch#91005", "https://github.com/pytorch/pytorch/issues/91005")
NCCL_ENV = _read("NCCL: environment variables", "https://docs.nvidia.com/deeplearning/nccl/user-guide/docs/env.html")
NCCL_TROUBLE = _read(
    "NCCL: troubleshooting", "https://docs.nvidia.com/deeplearning/nccl/user-guide/docs/troubleshooting.html"
)
NVCC = _read("NVIDIA CUDA Compiler Driver", "https://docs.nvidia.com/cuda/cuda-compiler-driver-nvcc/")
PIP_DISK = _read("pip: caching", "https://pip.pypa.io/en/stable/topics/caching/")
SLURM_GRES = _read("Slurm: generic resource scheduling", "https://slurm.schedmd.com/gres.html")
SUDO = _read("sudoers(5): command environment", "https://man7.org/linux/man-pages/man5/sudoers.5.html")
