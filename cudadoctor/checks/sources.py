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

# Read on another day.
_LATER = "2026-11-25"
CUDA_SEMANTICS = Source(
    title="PyTorch: CUDA semantics", url="https://docs.pytorch.org/docs/stable/notes/cuda.html", read_on=_LATER
)
NUMERICAL_ACCURACY = Source(
    title="PyTorch: numerical accuracy",
    url="https://docs.pytorch.org/docs/stable/notes/numerical_accuracy.html",
    read_on=_LATER,
)
NCCL_TROUBLE = Source(
    title="NCCL User Guide: troubleshooting",
    url="https://docs.nvidia.com/deeplearning/nccl/user-guide/docs/troubleshooting.html",
    read_on=_LATER,
)
XID = Source(title="NVIDIA: Xid errors", url="https://docs.nvidia.com/deploy/xid-errors/index.html", read_on=_LATER)
