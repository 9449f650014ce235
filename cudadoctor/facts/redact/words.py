"""What is private and what is not: names, variables and lines that a snapshot may keep."""

from __future__ import annotations

import re

GENERIC = frozenset(
    """
    root user users admin administrator guest test tester testing demo default public nobody daemon bin sys system
    systemd www web http https mail ftp sshd git svn build builder runner ci jenkins gitlab github actions travis azure
    ubuntu debian fedora centos rocky almalinux redhat rhel suse opensuse arch manjaro linux unix windows macos darwin
    alpine gentoo mint nixos raspbian raspberry ec2 core cloud cloudera vagrant docker podman container containers
    containerd kubernetes kubelet jovyan jupyter jupyterhub notebook colab kaggle studio code coder codespace vscode
    nvidia cuda cudnn nccl torch pytorch torchvision torchaudio tensorflow tensor jax triton numpy scipy pandas keras
    tesla quadro geforce titan jetson orin xavier grace hopper ampere turing volta pascal maxwell kepler fermi ada
    lovelace blackwell rubin thor spark dgx hgx egx gpu gpus cpu tpu nvme cluster node nodes login head worker workers
    master slave server servers client host hosts localhost local localdomain domain machine desktop laptop workstation
    computer notebook station box pc dev develop developer develops development devel prod production stage staging lab
    labs home homes data dataset datasets scratch work workspace works project projects shared share common group groups
    staff student students faculty guests research researcher science scientist software soft apps app application
    applications program programs tool tools package packages library libraries include lib libs module modules
    modulefiles
    opt usr local var etc tmp temp cache config conf conda miniconda anaconda mamba micromamba miniforge mambaforge
    forge pixi python python3 pip pipx pyenv poetry venv virtualenv env envs environment base main site dist version
    versions release driver drivers kernel memory device devices display graphics video audio compute process processes
    processor power performance product name type mode state status enabled disabled active inactive unknown none null
    true false error errors warning failed success info debug index count total used free max min size limit time date
    path paths file files folder directory root0 toolkit runtime compiler gcc clang cmake ninja bash zsh fish tcsh shell
    profile service services session setup install installer update upgrade download downloads documents intel amd arm
    dell lenovo asus acer supermicro gigabyte xeon epyc ryzen core0 slurm munge ray spark hadoop hpc mpi openmpi team
    operator model models train training trainer inference serve vllm ollama comfyui automatic sdwebui stable diffusion
    deploy deployer deployment ansible puppet oracle postgres mysql redis mongo elastic nginx apache tomcat media music
    games steam gamer live oem live-user liveuser deck pi me owner myuser username user_name someone anyone sudo wheel
    render input network net link bridge ether wlan infiniband mellanox persistence fabric manager monitor
    """.split()  # noqa: SIM905  a list of 300 strings is no better to read
)
"""Names that are nobody's, and words that stand in the output of the tools that are recorded: never replaced bare."""

KEPT_OWNERS = re.compile(
    r"root|nobody|daemon|bin|sys|messagebus|dbus|polkitd|avahi|rtkit|gdm|sddm|lightdm|syslog|chrony|munge|slurm|sshd|"
    r"_?(?:systemd|nvidia|apt|dnsmasq|nv)[\w-]*"
)
"""Owners of processes that are the system's own accounts."""

KEPT_PROCESSES = re.compile(
    r"(?i)nvidia|^nv[-_]|dcgm|cuda|Xorg|Xwayland|gnome-shell|kwin|gdm|sddm|lightdm|weston|python|jupyter|docker|"
    r"containerd|podman|kubelet|slurm|^ray|torchrun|^apt|dpkg|dkms|packagekit|unattended|^yum|^dnf|zypper|pacman|rpm"
)
"""Processes that may hold a GPU or the package manager: the names of all others are nobody's business."""

DENIED_VARIABLE = re.compile(r"(?i)TOKEN|KEY|SECRET|PASS|AUTH|COOKIE|CREDENTIAL")
ALLOWED_VARIABLE = re.compile(
    r"(?:CUDA|CUDNN|CUBLAS|CUTENSOR|NVIDIA|NVCC|NVML|NV|__NV|NVSHMEM|NCCL|PYTORCH|TORCH|TORCHINDUCTOR|TRITON|XLA|JAX|TF|"
    r"LD|CONDA|MAMBA|MICROMAMBA|PIXI|VIRTUAL_ENV|PYENV|PYTHON|PIP|UV|POETRY|WSL|APPTAINER|SINGULARITY|OMP|MKL|OPENBLAS|"
    r"GOMP|KMP|HIP|ROCR|ROCM|HSA|GLIBC|MALLOC|MODULES|LMOD|OCL|OPENCL|VK|EGL|XDG_(?:CONFIG|DATA|CACHE|STATE)_HOME|"
    r"TORCHELASTIC|"
    r"CMAKE|CUDAARCHS|BASH_ENV|ZDOTDIR)(?:_\w*)?(?<!_HOST)|"
    r"LD\w*|CUDA\w*|CONDA\w*|PYTHON\w*|VIRTUAL_ENV\w*|WSL\w*|PATH|HOME|SHELL|USER|LOGNAME|SUDO_USER|CC|CXX|CUDACXX|"
    r"CUDAHOSTCXX|CFLAGS|CXXFLAGS|CPPFLAGS|LDFLAGS|CPATH|C_INCLUDE_PATH|CPLUS_INCLUDE_PATH|LIBRARY_PATH|MANPATH|"
    r"PKG_CONFIG_PATH|MODULEPATH|LOADEDMODULES|_LMFILES_|container|KUBERNETES_SERVICE_(?:HOST|PORT)|TMPDIR|"
    r"SLURM_(?:\w*GPU\w*|\w*GRES\w*|JOB_ID)|DRI_PRIME|__GLX_VENDOR_LIBRARY_NAME|XDG_SESSION_TYPE|FORCE_CUDA|MAX_JOBS|"
    r"CI|GITHUB_ACTIONS|ENV|GITLAB_CI|PBS_JOBID|LSB_JOBID|SLURM_JOBID|SNAP|FLATPAK_ID|COMPUTE_PROFILE|"
    r"NSIGHT_CUDA_DEBUGGER"
)
VALUE_HIDDEN = {"KUBERNETES_SERVICE_HOST": "kubernetes", "SLURM_JOB_ID": "1"}
"""Variables that tell something by being set; this is what their value becomes."""

RELEVANT = re.compile(
    r"(?i)cuda|cudnn|nvidia|nvcc|nccl|torch|conda|mamba|pixi|pyenv|virtualenv|venv|tensorrt|triton|\bPATH\b|_PATH\b|"
    r"\bLD_|PYTHON|WSL|\bmodule (?:load|add|use|purge|swap|unload)\b|\bml \w|\bCC=|\bCXX=|fish_add_path|pathmunge|"
    r"\b(?:append|prepend)_?path\b|profile\.d|rc\.d/|XLA_|\bTF_|cudadoctor"
)
"""A line of a start-up file that can touch what cudadoctor examines."""

KERNEL_LOG = re.compile(
    r"(?i)NVRM|nvidia|nouveau|Xid \(|unsigned module|unavailable key|PM: (?:suspend|hibernation)|Waking up from system"
    r"|Linux version"
)
"""A line of the kernel log that is kept: all others are about devices that are nobody's business."""

KERNEL_PARAMETER = re.compile(
    r"(?:\w+\.)?(?:nouveau|nvidia|nvidia_drm|nvidia-drm|rd\.driver|modprobe|module_blacklist|blacklist|iommu|intel_iommu|"
    r"amd_iommu|pci|pcie_aspm|vfio|vfio-pci|nomodeset|modeset|lockdown|init_on_alloc|hugepages|default_hugepagesz|"
    r"transparent_hugepage|systemd\.unified_cgroup_hierarchy|cgroup_no_v1|video|mem|swiotlb|mitigations)\b"
)


def is_generic(name: str) -> bool:
    """Whether replacing every occurrence of this word would destroy what was recorded."""
    plain = name.lower()
    if len(plain) < 4 or not re.search(r"[^\W\d_]", plain):
        return True
    # gpu01, node-3, ubuntu2204: a generic word that is numbered.
    stem = re.sub(r"[-_.]?\d+$", "", plain)
    parts = [part for part in re.split(r"[-_. ]", stem) if part]
    return stem in GENERIC or plain in GENERIC or all(part in GENERIC or part.isdecimal() for part in parts)


def keeps_variable(name: str) -> bool:
    """Whether a snapshot may hold this variable."""
    return not DENIED_VARIABLE.search(name) and bool(ALLOWED_VARIABLE.fullmatch(name))
