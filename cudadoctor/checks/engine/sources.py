"""The vendors' pages that rules rest on, and the day each was read."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Source

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
NCCL_TROUBLE = _page(
    "NCCL User Guide: troubleshooting",
    "https://docs.nvidia.com/deeplearning/nccl/user-guide/docs/troubleshooting.html",
)
XID = Source(
    title="NVIDIA Xid catalog",
    url="https://docs.nvidia.com/deploy/xid-errors/analyzing-xid-catalog.html",
    read_on=_LATER,
)


def _read_later(title: str, url: str) -> Source:
    return Source(title=title, url=url, read_on="2026-11-25")


CUDNN_API = _read_later(
    "cuDNN: backend API overview, sub-libraries",
    "https://docs.nvidia.com/deeplearning/cudnn/latest/api/overview.html",
)
CUDNN_TORCH = _read_later(
    "torch/backends/cudnn/__init__.py", "https://github.com/pytorch/pytorch/blob/main/torch/backends/cudnn/__init__.py"
)
GLIBC_VERSIONS = LD_SO
LIBSTDCXX = _read_later("libstdc++ manual: ABI policy", "https://gcc.gnu.org/onlinedocs/libstdc++/manual/abi.html")
NCCL_WHEEL = _read_later("NVIDIA NCCL: installation guide", "https://docs.nvidia.com/deeplearning/nccl/install-guide/")
TRITON_LIBCUDA = _read_later("triton-lang/triton#2507", "https://github.com/triton-lang/triton/issues/2507")
# Read later than the rest.


def _page_of(title: str, url: str, read_on: str = "2026-11-25") -> Source:
    return Source(title=title, url=url, read_on=read_on)


CONDA_TERMS = _page_of(
    "Anaconda: managing Terms of Service on the command line",
    "https://www.anaconda.com/docs/getting-started/tos-plugin",
)
CONDA_VIRTUAL = _page_of(
    "conda: managing virtual packages",
    "https://docs.conda.io/projects/conda/en/stable/user-guide/tasks/manage-virtual.html",
)
CONDA_CHANNELS = _page_of(
    "conda: channels", "https://docs.conda.io/projects/conda/en/stable/user-guide/concepts/channels.html"
)
CPP_ABI = CPP_EXTENSION
PLATFORM_TAGS = _page_of(
    "Python packaging: platform compatibility tags",
    "https://packaging.python.org/en/latest/specifications/platform-compatibility-tags/",
)
PREVIOUS_VERSIONS = _page("PyTorch: previous versions", "https://pytorch.org/get-started/previous-versions/")
PTX_COMPAT = COMPAT
TORCHAUDIO = _page_of("torchaudio: installation", "https://docs.pytorch.org/audio/stable/installation.html")
TRITON = _page_of(
    "triton: what it compiles at run time",
    "https://github.com/triton-lang/triton/blob/main/python/triton/runtime/build.py",
)
TORCH_29 = _page_of("pytorch/pytorch#166643", "https://github.com/pytorch/pytorch/issues/166643")
JETSON = _page_of(
    "NVIDIA developer forum: PyTorch for Jetson",
    "https://forums.developer.nvidia.com/t/pytorch-for-jetson-version-1-9-0-now-available/72048",
)
MODULE_PATH = _page_of(
    "Python: the module search path", "https://docs.python.org/3/tutorial/modules.html#the-module-search-path"
)
USER_SITE = _page_of("Python: site, the user's own directory", "https://docs.python.org/3/library/site.html")


def _newer(title: str, url: str) -> Source:
    return Source(title=title, url=url, read_on="2026-11-25")


DKMS = _newer("dkms(8): the test of the messages that it prints", "https://github.com/dell/dkms/blob/main/run_test.sh")
MODULE_SIGNING = _newer(
    "Linux: kernel module signing facility", "https://docs.kernel.org/admin-guide/module-signing.html"
)
OPEN_MODULES = _newer("NVIDIA Linux open GPU kernel modules", "https://github.com/NVIDIA/open-gpu-kernel-modules")
OPEN_MODULES_FLAG = _newer(
    "NVIDIA/open-gpu-kernel-modules#20", "https://github.com/NVIDIA/open-gpu-kernel-modules/issues/20"
)
COMMON_PROBLEMS = _newer(
    "NVIDIA open kernel modules: kernel-open/nvidia/nv-pci.c",
    "https://github.com/NVIDIA/open-gpu-kernel-modules/blob/main/kernel-open/nvidia/nv-pci.c",
)
POWER_MANAGEMENT = _newer(
    "NVIDIA open kernel modules: PreserveVideoMemoryAllocations, in nv-reg.h",
    "https://github.com/NVIDIA/open-gpu-kernel-modules/blob/main/kernel-open/nvidia/nv-reg.h",
)
AER = _newer("Linux: PCI Express advanced error reporting", "https://docs.kernel.org/PCI/pcieaer-howto.html")
VGPU_HOST = _newer(
    "DualCoder/vgpu_unlock#51",
    "https://github.com/DualCoder/vgpu_unlock/issues/51",
)
PRIME = _newer(
    "ubuntu-drivers-common: gpu-manager, which reads /etc/prime-discrete",
    "https://github.com/canonical/ubuntu-drivers-common/blob/master/share/hybrid/gpu-manager.c",
)
# Read for the checks of shells, limits, toolkits and clusters.


def _read(title: str, url: str) -> Source:
    return Source(title=title, url=url, read_on="2026-11-25")


ALLOCATOR = _read("PyTorch: CUDA semantics, memory management", "https://docs.pytorch.org/docs/stable/notes/cuda.html")
CI_RUNNERS = _read("GitHub Docs: larger runners", "https://docs.github.com/en/actions/concepts/runners/larger-runners")
COMPILER_CACHE = _read(
    "PyTorch: compile-time caching", "https://docs.pytorch.org/tutorials/recipes/torch_compile_caching_tutorial.html"
)
CUDNN_INSTALL = _read(
    "cuDNN: installing on Linux",
    "https://docs.nvidia.com/deeplearning/cudnn/installation/linux.html",
)
DEVICE_ORDER = ALLOCATION_OF_DEVICES
FLATPAK = _read(
    "Flatpak documentation: sandbox permissions", "https://docs.flatpak.org/en/latest/sandbox-permissions.html"
)
GETRLIMIT = _read("getrlimit(2)", "https://man7.org/linux/man-pages/man2/getrlimit.2.html")
GLIBC_241 = _read("NVIDIA/cuda-samples#378", "https://github.com/NVIDIA/cuda-samples/issues/378")
GPUDIRECT = _read(
    "NVIDIA GPUDirect RDMA: installing",
    "https://docs.nvidia.com/networking/display/GPUDirectRDMAv18/Installing+GPUDirect+RDMA",
)
MANYLINUX = _read("PEP 656: platform tag for musl", "https://peps.python.org/pep-0656/")
MEMORY_CGROUP = _read(
    "Linux: control group v2, memory", "https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files"
)
NOEXEC = _read("pytorch/pytorch#91005", "https://github.com/pytorch/pytorch/issues/91005")
NCCL_ENV = _read("NCCL: environment variables", "https://docs.nvidia.com/deeplearning/nccl/user-guide/docs/env.html")
NVCC = _read("NVIDIA CUDA Compiler Driver", "https://docs.nvidia.com/cuda/cuda-compiler-driver-nvcc/")
PIP_DISK = _read("pip: caching", "https://pip.pypa.io/en/stable/topics/caching/")
SLURM_GRES = _read("Slurm: generic resource scheduling", "https://slurm.schedmd.com/gres.html")
SUDO = _read("sudoers(5): command environment", "https://man7.org/linux/man-pages/man5/sudoers.5.html")
# GPU health, services and virtual machines: read a few days later

_HEALTH_READ_ON = "2026-11-25"


def _health(title: str, url: str) -> Source:
    return Source(title=title, url=url, read_on=_HEALTH_READ_ON)


CONFIDENTIAL = _health(
    "NVML: confidential computing, ready state",
    "https://docs.nvidia.com/deploy/nvml-api/620/api/group__nvmlConfidentialComputingDefs.html",
)
CUDA_RUNTIME_ERRORS = _health(
    "CUDA Runtime API: cudaError", "https://docs.nvidia.com/cuda/cuda-runtime-api/group__CUDART__TYPES.html"
)
IMEX = _health(
    "NVIDIA IMEX Service: IMEX channels",
    "https://docs.nvidia.com/multi-node-nvlink-systems/imex-guide/imexchannels.html",
)
MPS = _health(
    "Multi-Process Service: CUDA_MPS_PIPE_DIRECTORY",
    "https://docs.nvidia.com/deploy/topics/topic_5_2_2.html",
)
NCCL_NVLS = _health("NCCL: src/transport/nvls.cc", "https://github.com/NVIDIA/nccl/blob/master/src/transport/nvls.cc")
NVLINK_HEALTH = _health(
    "NVIDIA Health Validation: NVLink checks", "https://docs.nvidia.com/health-validation/reference/checks/nvlink"
)
PAGE_RETIREMENT = _health(
    "Dynamic Page Retirement", "https://docs.nvidia.com/deploy/dynamic-page-retirement/visibility.html"
)
PCI_SYSFS = _health("Linux: sysfs-bus-pci", "https://www.kernel.org/doc/html/latest/admin-guide/abi-testing.html")
PERSISTENCE = _health(
    "Driver Persistence: persistence daemon",
    "https://docs.nvidia.com/deploy/driver-persistence/persistence-daemon.html",
)
TORCH_OOM = _health(
    "PyTorch: c10/cuda/CUDACachingAllocator.cpp",
    "https://github.com/pytorch/pytorch/blob/main/c10/cuda/CUDACachingAllocator.cpp",
)
VGPU_PROFILES = _health(
    "NVIDIA vGPU software: licensed products and their series",
    "https://docs.nvidia.com/vgpu/12.0/grid-licensing-user-guide/index.html",
)
APT_HISTORY = _read_later(
    "Ubuntu Server: automatic updates", "https://ubuntu.com/server/docs/how-to/software/automatic-updates/"
)
APT_KEY = _read_later("apt-key(8)", "https://manpages.debian.org/bookworm/apt/apt-key.8.en.html")
CDI = _read_later(
    "NVIDIA Container Toolkit: Container Device Interface",
    "https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/cdi-support.html",
)
CONTAINER_TOOLKIT_INSTALL = _read_later(
    "NVIDIA Container Toolkit: installation",
    "https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/install-guide.html",
)
CUDA_KEY_ROTATION = _read_later(
    "NVIDIA/cuda-repo-management#4", "https://github.com/NVIDIA/cuda-repo-management/issues/4"
)
CUDA_KEY_SHA1 = _read_later(
    "NVIDIA/cuda-repo-management#34", "https://github.com/NVIDIA/cuda-repo-management/issues/34"
)
DOCKER_DESKTOP = _read_later("Docker Desktop: GPU support", "https://docs.docker.com/desktop/features/gpu/")
DOCKER_SNAP = _read_later(
    "NVIDIA/nvidia-docker#1711",
    "https://github.com/NVIDIA/nvidia-docker/issues/1711",
)
DPKG = _read_later("dpkg(1)", "https://manpages.debian.org/bookworm/dpkg/dpkg.1.en.html")
NO_CGROUPS = _read_later(
    "NVIDIA/nvidia-container-toolkit#381", "https://github.com/NVIDIA/nvidia-container-toolkit/issues/381"
)
REQUIREMENTS = _read_later(
    "NVIDIA Container Toolkit: constraints",
    "https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/docker-specialized.html#constraints",
)
VGPU_LICENCE = _page_of(
    "NVIDIA vGPU software: client licensing",
    "https://docs.nvidia.com/vgpu/12.0/grid-licensing-user-guide/index.html",
)
CUDA_13_WHEELS = _page_of("NVIDIA/cuml#7304", "https://github.com/NVIDIA/cuml/pull/7304", "2026-12-01")
