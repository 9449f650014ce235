"""What a planted machine is described with. Values only; `builder` turns them into files and outputs that agree.

Whatever is left at its default is derived: from driver, GPUs and environment follow nvidia-smi's answer, cuInit's code
and what torch prints. A field is set only where the machine's fault is exactly that they do not follow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Os:
    """A distribution as installed."""

    id: str
    version_id: str
    pretty: str
    kernel: str
    glibc: str
    """Empty: it is musl."""
    gcc: str
    """Version of the distribution's own g++."""
    python: str
    """Version of /usr/bin/python3."""
    arch: str = "x86_64"
    id_like: str = ""

    @property
    def libdir(self) -> str:
        """Where shared libraries of the distribution lie."""
        debian = self.id in ("ubuntu", "debian")
        return f"/usr/lib/{self.arch}-linux-gnu" if debian else "/usr/lib64"


@dataclass(frozen=True, kw_only=True)
class Gpu:
    """A GPU in its slot."""

    name: str
    device_id: str
    """`1b06`, of vendor 10de."""
    capability: str
    memory_mib: int
    architecture: str
    brand: str = "GeForce"
    bus: str = "0000:01:00.0"
    pci_class: str = "0x030000"
    """0x030200 (3D controller) on cards without display output."""
    bound: str | None = "nvidia"
    """The kernel driver that holds it; follows the machine's driver unless it is another one than nvidia."""
    power_state: str = "D0"
    """D3cold: switched off until it is used, as in laptops; reading its configuration space gives all ones."""
    on_bus: bool = True
    """False: no PCI device (Jetson, WSL)."""
    responds: bool = True
    """False: fallen off the bus; configuration space reads as all ones and nvidia-smi prints errors for it."""
    mig: Literal["Enabled", "Disabled"] | None = None
    mig_devices: int = 0
    ecc: Literal["Enabled", "Disabled"] | None = None
    compute_mode: str = "Default"
    persistence: bool = True
    virtualization: str = "None"
    license: str | None = None
    """`Licensed (Expiry: …)`, `Unlicensed`; None on machines without vGPU."""
    remap_pending: bool = False
    remap_failure: bool = False
    ecc_uncorrected: int = 0
    recovery: str = "None"
    """What the driver asks for: `None`, `Reset`, `Reboot` …; printed by branch 560 and newer."""
    lost_in_smi: bool = False
    """nvidia-smi lists it, and prints errors in place of values."""
    in_smi: bool = True
    """False: the driver holds it and could not start it, so that nvidia-smi and CUDA leave it out."""
    smi_values: Mapping[str, str] = field(default_factory=dict)
    """By path below <gpu>, `temperature/gpu_temp`: what nvidia-smi's XML prints in place of the usual value."""
    programs: tuple[int | None, ...] = ()
    """MiB of each program that nvidia-smi lists on it."""
    lanes: tuple[int, int, int | None] = (16, 16, 16)
    """Of its PCI Express link: in use, its own, those of the port above it (None: a guest sees no port)."""


@dataclass(frozen=True, kw_only=True)
class Driver:
    """NVIDIA's driver, in the kernel and in user space."""

    version: str
    cuda: str
    """Newest CUDA that its libcuda serves."""
    open: bool = False
    loaded: bool = True
    uvm: bool = True
    libraries: bool = True
    library_version: str | None = None
    """None: as the module."""
    module_on_disk: bool = True
    smi: bool = True
    """/usr/bin/nvidia-smi is installed."""
    nodes: bool = True
    node_mode: int = 0o666
    node_gid: int = 0
    node_errno: Mapping[str, int] = field(default_factory=dict)
    """By path: what opening it gives although permissions allow it."""
    libdir: str | None = None
    """Where its libraries lie; None: with the distribution's."""
    on_loader_path: bool = True
    """Its folder is in the loader's cache."""
    plain_name: bool = True
    """libcuda.so stands beside libcuda.so.1, for linking."""
    smi_path: str | None = None
    """None: /usr/bin/nvidia-smi, under WSL /usr/lib/wsl/lib/nvidia-smi."""


SmiBehaviour = Literal[
    "follows",
    "hangs",
    "segv",
    "garbage",
    "half",
    "empty",
    "table-only",
    "not-executable",
    "no-communication",
    "nvml-unknown",
]


@dataclass(frozen=True, kw_only=True)
class Libcuda:
    """What cuInit does, where it does not follow from the rest."""

    behaviour: Literal["follows", "hangs", "segv", "missing"] = "follows"
    cuinit: int | None = None
    path: str | None = None
    """The file that the loader picks."""


@dataclass(frozen=True, kw_only=True)
class Toolkit:
    """A CUDA toolkit on disk."""

    version: str
    """Three numbers: 10.1.243."""
    root: str | None = None
    """None: /usr/local/cuda-10.1."""
    gcc_max: int | None = None
    nvcc: bool = True
    headers: bool = True
    """cuda_runtime.h is there."""
    stubs: bool = True
    in_loader_cache: bool = True
    layout: Literal["nvidia", "distribution"] = "nvidia"

    @property
    def where(self) -> str:
        """The root directory."""
        return self.root or f"/usr/local/cuda-{'.'.join(self.version.split('.')[:2])}"


@dataclass(frozen=True, kw_only=True)
class Pkg:
    """An installed distribution."""

    version: str
    build: str | None = None
    """conda's build string; None: installed by pip."""
    channel: str = "https://conda.anaconda.org/pytorch"
    requires: tuple[str, ...] = ()
    """`Requires-Dist` lines."""


@dataclass(frozen=True, kw_only=True)
class Torch:
    """A torch in an environment."""

    version: str
    cuda: str | None
    cudnn: str | None = None
    archs: tuple[str, ...] = ()
    """`sm_70`, `compute_90`."""
    conda_build: str | None = None
    channel: str = "https://conda.anaconda.org/pytorch"
    hip: str | None = None
    live: Literal["follows", "hangs", "segv", "import-error", "cuda-hangs", "cuda-segv", "unavailable"] = "follows"
    """hangs, segv: while it is imported; cuda-hangs, cuda-segv: in its first use of CUDA; unavailable: imports well and
    finds no CUDA, although libcuda would do."""
    error: str = ""
    """Of import-error: type and text."""
    warning: str | None = None
    """Extra words on stderr or as a Python warning at import."""
    shadow: str | None = None
    """What hides it in the current directory."""


@dataclass(frozen=True, kw_only=True)
class Env:
    """A Python environment."""

    kind: Literal["conda", "venv", "system", "pyenv", "uv", "pipx", "pixi"]
    prefix: str
    python: str
    torch: Torch | None = None
    packages: Mapping[str, Pkg] = field(default_factory=dict)
    also_pip: Mapping[str, str] = field(default_factory=dict)
    """In a conda environment: what pip installed over conda's package, name → version."""
    active: bool = False
    shadowed: bool = False
    """Another torch, which the machine's files bring, is imported in place of the environment's."""
    loads: tuple[Mapping[str, object], ...] = ()
    """What `loader_report.py` says of its torch: one row for each library."""


@dataclass(frozen=True, kw_only=True)
class Machine:
    """A whole machine."""

    name: str
    os: Os
    gpus: tuple[Gpu, ...] = ()
    driver: Driver | None = None
    smi: SmiBehaviour = "follows"
    smi_message: str | None = None
    """With exit status `smi_status`: its words where it fails by itself."""
    smi_status: int = 255
    libcuda: Libcuda = field(default_factory=Libcuda)
    nvswitches: int = 0
    fabric_manager: bool | None = None
    """Running; None: as many machines without NVSwitch, not installed."""
    fabric_manager_version: str | None = None
    """None: the driver's."""
    running: tuple[str, ...] = ()
    """Further processes, by the name of the program."""
    smi_warning: str | None = None
    """A line that nvidia-smi prints behind its answer, with exit status 14."""
    modules: tuple[str, ...] = ()
    """Further kernel modules that are loaded: nouveau, vfio_pci."""
    toolkits: tuple[Toolkit, ...] = ()
    cuda_link: str | None = "follows"
    """Target of /usr/local/cuda; follows: the newest toolkit of NVIDIA's; None: there is no such link."""
    compiler: bool = True
    """g++ of the distribution is installed."""
    cxx: Mapping[str, str] = field(default_factory=dict)
    """Further compilers: path → version."""
    envs: tuple[Env, ...] = ()
    path: tuple[str, ...] = ()
    """In front of the usual PATH."""
    variables: Mapping[str, str] = field(default_factory=dict)
    rc: Mapping[str, str] = field(default_factory=dict)
    """rc files: path (`~/` allowed) → content."""
    files: Mapping[str, str | bytes] = field(default_factory=dict)
    """Anything else, written last."""
    links: Mapping[str, str] = field(default_factory=dict)
    removed: tuple[str, ...] = ()
    """Paths that go at the very end."""
    system_packages: tuple[tuple[str, str, str], ...] = ()
    """Further packages of the distribution: name, version, dpkg's abbreviation (`ii `, `hi `, `iF `)."""
    executables: tuple[str, ...] = ()
    """Programs that are only there: dockerd, nvidia-ctk."""
    container: Literal["docker", "podman", "kubernetes"] | None = None
    wsl: bool = False
    jetson: str | None = None
    secure_boot: bool | None = False
    dmesg: str | None = None
    """What `dmesg` prints; None: it is for root only, as on Ubuntu, and for root it prints a log without a fault."""
    headers: bool = True
    """The headers of the running kernel are installed."""
    user: str = "ada"
    uid: int = 1000
    groups: tuple[str, ...] = ("ada", "sudo", "video")
    shell: str = "/bin/bash"
    shm_size: int | None = 8 << 30
    memlock: int | None = None
    address_space: int | None = None
    disks: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """Size and free bytes by what it is for: home, tmp …; others have room enough."""
    noexec: tuple[str, ...] = ()
    """Mount points that are noexec."""
    modes: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """Directories with another mode and owner: path → (mode, uid)."""
    cuda_order: tuple[int, ...] | None = None
    """The order in which CUDA counts the GPUs; None: as on the bus."""

    @property
    def home(self) -> str:
        """The user's home directory."""
        return "/root" if self.uid == 0 else f"/home/{self.user}"
