"""Facts in the JSON report: the keys of the contract first, then more. What is not known is null."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from msgspec import UNSET, Meta, UnsetType, field

from cudadoctor.facts import (
    context,
    distro,
    driver,
    envs,
    gpu,
    kernel,
    libraries,
    limits,
    runtime,
    services,
    shell,
    symptom,
    system,
    toolkit,
)
from cudadoctor.facts.base import Facts
from cudadoctor.render.contract import Contract, Evidence, Release, Rules, fill, plain, shows

Capability = Annotated[str, Meta(pattern="^[0-9]+\\.[0-9]$", description="Such as 8.6, which builds call sm_86.")]
Octal = Annotated[str, Meta(pattern="^[0-7]{4,}$", description="File mode, octal.")]
_MOST_EVENTS = 100


def _mode(one: Any) -> str:  # noqa: ANN401
    return f"{one.mode:04o}"


@shows(system.OsFacts)
class Os(Contract):
    """The operating system."""

    id: str | None
    version_id: str | None
    kernel: str | None
    arch: str | None
    glibc: str | None
    container: str | None
    wsl: int | None
    id_like: list[str]
    pretty_name: str | None
    jetson: str | None
    secure_boot: bool | None
    nvidia_visible_devices: str | None
    nvidia_driver_capabilities: str | None


@shows(gpu.GpuFacts)
class Gpu(Contract):
    """One NVIDIA GPU."""

    index: int
    name: str | None
    pci_bus_id: str | None
    compute_capability: Capability | None
    memory_total_mib: int | None
    mig_mode: str | None
    mig_devices: int | None
    capability_from: str | None
    lost: bool


@shows(driver.DriverFacts)
class Driver(Contract):
    """The driver in the kernel and in user space."""

    version: str | None
    cuda_version: Release | None
    module: Literal["open", "proprietary"] | None
    loaded: bool | None
    installed: bool | None
    library_version: str | None
    uvm_loaded: bool | None
    other_modules: list[str]
    module_files: list[str] | None
    seen: Evidence | None = field(name="evidence")


@shows(toolkit.ToolkitFacts)
class Toolkit(Contract):
    """One installed CUDA toolkit."""

    computed: ClassVar[Rules] = {"host_compiler_max": lambda one: {"gcc": one.gcc_max, "clang": one.clang_max}}
    root: str
    version: str | None
    nvcc: str | None
    host_compiler_max: HostCompilerMax
    real_root: str
    headers: bool | None
    own_compiler: bool
    origin: str
    seen: Evidence = field(name="evidence")


class HostCompilerMax(Contract):
    """The newest major versions that nvcc takes as host compiler."""

    gcc: int | None
    clang: int | None


@shows(shell.RcLine)
class RcLine(Contract):
    """A line of an rc file that touches one of the variables that matter here."""

    file: str
    line: int
    text: str
    variable: str
    value: str
    exported: bool
    conditional: bool


@shows(shell.PathEntry)
class PathEntry(Contract):
    """One element of a search path variable."""

    variable: str
    index: int
    text: str
    exists: bool | None
    suggestion: str | None


@shows(shell.ShellFacts)
class Shell(Contract):
    """The user's shell."""

    shell: str | None
    variables: dict[str, str] | None
    rc_lines: list[RcLine] | None
    entries: list[PathEntry]
    unreadable: list[str]


@shows(envs.Package)
class Package(Contract):
    """An installed distribution."""

    name: str
    version: str
    build: str | None
    channel: str | None
    installer: str | None
    requires_torch: str | None
    built_for: str | None


@shows(libraries.ResolvedLibrary)
class Library(Contract):
    """A library that torch needs: what is taken, by what way, and torch's own copy."""

    soname: str
    path: str | None
    version: str | None
    how: str
    needed_by: str | None
    own: str | None
    own_version: str | None
    same: bool | None


@shows(envs.OtherTorch)
class OtherTorch(Contract):
    """A second torch, hidden by the one that comes first."""

    version: str
    location: str


@shows(envs.TorchFacts)
class Torch(Contract):
    """The torch of an environment, and what it said itself where it was asked."""

    version: str
    cuda: str | None
    cudnn: str | None
    build: str | None
    arch_list: list[str] | None
    is_available: bool | None
    error: str | None
    packages: dict[str, str]
    build_string: str | None
    hip: str | None
    location: str
    installer: str | None
    pins: dict[str, str]
    hidden: list[OtherTorch]
    records: list[str]
    leftovers: list[str]
    nvidia_site: str | None
    outcome: str
    stage: str | None
    warning: str | None
    signal: str | None
    device_count: int | None
    device_names: list[str]
    capabilities: list[Capability]
    seconds: float | None
    local_shadow: str | None
    seen: Evidence = field(name="evidence")


def _torch(env: envs.EnvFacts) -> dict[str, Any] | None:
    one = env.torch
    if one is None:
        return None
    live = one.live
    said = {name: getattr(live, name) for name in Torch.__struct_fields__ if hasattr(live, name)}
    packages = {package.name: package.version for package in env.packages.values()}
    said |= {"error": live.error or live.signal, "packages": packages, "pins": dict(one.pins)}
    return fill(Torch, one, **said)


@shows(envs.EnvFacts)
class Env(Contract):
    """A Python environment."""

    computed: ClassVar[Rules] = {"torch": _torch, "packages": lambda one: list(one.packages.values())}
    kind: str
    name: str
    prefix: str
    python_version: str | None = field(name="python")
    active: bool
    torch: Torch | None
    python: str | None = field(name="python_path")
    active_because: str | None
    packages: list[Package]
    duplicates: list[str]
    site_packages: str | None
    libraries: list[Library] | None


class Link(Contract):
    """The lanes of a GPU's PCI Express link."""

    link_width: int | None = field(name="width")
    link_width_max: int | None = field(name="width_max")
    port_width_max: int | None


@shows(driver.PciDevice)
class PciDevice(Contract):
    """A display device of NVIDIA on the PCI bus."""

    computed: ClassVar[Rules] = {"link": lambda one: fill(Link, one)}
    bus_id: str
    device_id: str
    driver: str | None
    responds: bool
    link: Link


@shows(driver.PciFacts)
class Pci(Contract):
    """NVIDIA's devices on the PCI bus."""

    gpus: list[PciDevice]
    nvswitches: int


@shows(driver.SmiGpu)
class SmiGpu(Contract):
    """How one GPU is, as nvidia-smi prints it; a value that it did not print is left out."""

    index: int
    temperature_c: int | UnsetType = UNSET
    slowdown_c: int | UnsetType = UNSET
    shutdown_c: int | UnsetType = UNSET
    margin_c: int | UnsetType = UNSET
    slowdowns: list[str] | UnsetType = UNSET
    idle: bool | UnsetType = UNSET
    link_width: int | UnsetType = UNSET
    link_width_max: int | UnsetType = UNSET
    link_gen: int | UnsetType = UNSET
    link_gen_max: int | UnsetType = UNSET
    link_replays: int | UnsetType = UNSET
    ecc_pending: str | UnsetType = UNSET
    sram_threshold: bool | UnsetType = UNSET
    remapped_uncorrectable: int | UnsetType = UNSET
    banks_exhausted: int | UnsetType = UNSET
    retired_single: int | UnsetType = UNSET
    retired_double: int | UnsetType = UNSET
    retired_pending: bool | UnsetType = UNSET
    application_clock_mhz: int | UnsetType = UNSET
    application_clock_default_mhz: int | UnsetType = UNSET
    licensed_product: str | UnsetType = UNSET
    processes: int | UnsetType = UNSET
    processes_memory_mib: int | UnsetType = UNSET
    reset_required: bool | UnsetType = UNSET
    display_active: bool | UnsetType = UNSET
    brand: str | UnsetType = UNSET
    compute_mode: str | UnsetType = UNSET
    persistence_mode: bool | UnsetType = UNSET
    virtualization: str | UnsetType = UNSET
    license_status: str | UnsetType = UNSET
    memory_used_mib: int | UnsetType = UNSET
    mig_mode_pending: str | UnsetType = UNSET
    ecc_mode: str | UnsetType = UNSET
    ecc_uncorrected: int | UnsetType = UNSET
    row_remap_pending: bool | UnsetType = UNSET
    row_remap_failure: bool | UnsetType = UNSET
    fabric_state: str | UnsetType = UNSET
    fabric_status: str | UnsetType = UNSET
    recovery_action: str | UnsetType = UNSET
    error: str | UnsetType = UNSET


@shows(driver.SmiFacts)
class Smi(Contract):
    """What nvidia-smi said, or how it failed. UUIDs are left out: a report is often pasted into a public issue."""

    computed: ClassVar[Rules] = {
        "gpus": lambda one: len(one.gpus),
        "health": lambda one: [
            {key: value for key, value in plain(each).items() if value is not None} for each in one.gpus
        ],
    }
    outcome: str
    path: str | None
    exit_code: int | None
    signal: str | None
    message: str | None
    version: str | None
    cuda_version: Release | None
    gpus: int
    health: list[SmiGpu]
    seconds: float | None


@shows(driver.CudaDevice)
class CudaDevice(Contract):
    """A device as the CUDA driver API lists it."""

    ordinal: int
    name: str | None
    compute_capability: Capability | None
    bus_id: str | None = field(name="pci_bus_id")
    memory_total_mib: int | None


@shows(driver.LibcudaFacts)
class Libcuda(Contract):
    """What the CUDA driver library said itself."""

    outcome: str
    path: str | None
    cuinit: int | None
    cuinit_name: str | None
    cuda_version: Release | None
    device_count: int | None
    devices: list[CudaDevice]
    error: str | None


@shows(driver.DeviceNode)
class DeviceNode(Contract):
    """One of /dev/nvidia*."""

    computed: ClassVar[Rules] = {"mode": _mode}
    path: str
    mode: Octal
    uid: int
    gid: int
    errno: int | None


@shows(services.FabricManager)
class FabricManager(Contract):
    """The program that sets up NVSwitch."""

    path: str
    version: str | None


@shows(services.ServiceFacts)
class Services(Contract):
    """What runs beside the driver."""

    running: list[str] | None
    enabled: list[str]
    fabric_manager: FabricManager | None
    mps_pipe: str | None
    mps_pipe_there: bool | None
    imex_channels: int | None


@shows(toolkit.ToolkitLink)
class ToolkitLink(Contract):
    """A symbolic link such as /usr/local/cuda."""

    path: str
    target: str
    resolved: str | None


@shows(toolkit.ToolkitInventory)
class Inventory(Contract):
    """How the toolkits are reached."""

    links: list[ToolkitLink]
    nvcc_on_path: str | None
    nvcc_on_path_root: str | None
    cuda_home: str | None
    cuda_home_variable: str | None
    cuda_home_exists: bool | None
    cuda_home_root: str | None


@shows(toolkit.CompilerFacts)
class Compiler(Contract):
    """The host compiler."""

    path: str
    kind: str
    major: int
    version: str
    variable: str | None


@shows(shell.LoaderEntry)
class LoaderEntry(Contract):
    """A library that the loader finds."""

    soname: str
    path: str
    real_path: str | None


@shows(shell.LoaderFacts)
class Loader(Contract):
    """Where the loader looks."""

    cache: list[LoaderEntry]
    path_libraries: list[LoaderEntry]
    preload: list[str]
    conf_dirs: list[str]


@shows(envs.CondaFacts)
class Conda(Contract):
    """conda on this machine."""

    roots: list[str]
    executable: str | None
    version: str | None
    channels: list[str]
    auto_activate: bool | None
    condarc: list[str]


@shows(distro.SystemPackage)
class SystemPackage(Contract):
    """A package of the distribution."""

    name: str
    version: str
    arch: str | None
    state: str
    held: bool


@shows(distro.AptSource)
class AptSource(Contract):
    """A repository of apt."""

    file: str
    line: int
    uri: str
    suite: str
    signed_by: str | None
    arch: str | None
    trusted: bool


@shows(distro.AptKeyring)
class AptKeyring(Contract):
    """A keyring file of apt."""

    file: str
    fingerprints: list[str]


@shows(distro.AptPin)
class AptPin(Contract):
    """A pin of apt."""

    file: str
    package: str
    pin: str
    priority: int | None


@shows(distro.PackageChange)
class PackageChange(Contract):
    """A driver package in apt's history."""

    date: str
    action: str
    package: str
    before: str | None
    after: str | None
    unattended: bool


@shows(distro.DistroFacts)
class Distro(Contract):
    """Packages that matter, and where they come from."""

    manager: str | None
    packages: list[SystemPackage] | None
    sources: list[AptSource] | None
    keyrings: list[AptKeyring]
    pins: list[AptPin]
    unattended: bool | None = field(name="unattended_upgrades")
    blacklist: list[str] = field(name="unattended_blacklist")
    changes: list[PackageChange] = field(name="driver_changes")
    sequoia_policy: bool | None
    runfile: str | None


@shows(runtime.Engine)
class Engine(Contract):
    """A container engine that is installed."""

    name: str
    path: str
    snap: bool


@shows(runtime.ContainerStart)
class ContainerStart(Contract):
    """How a container is started, as a command line or a file in a paste says."""

    engine: str
    image: str | None
    gpus: str | None
    runtime: str | None
    env: dict[str, str]
    privileged: bool
    devices: list[str]
    shm_size: str | None
    ipc: str | None
    ulimits: list[str]
    security_opts: list[str]
    command: list[str]
    asks_for_gpu: bool


@shows(runtime.RuntimeFacts)
class Runtime(Contract):
    """Container engines, and what this container was given."""

    engines: list[Engine]
    rootless: bool
    toolkit: str | None
    runtimes: list[str]
    default_runtime: str | None
    no_cgroups: bool | None
    mode: str | None
    cdi_specs: list[str]
    require_cuda: str | None
    disable_require: bool
    driver_files: list[str]
    starts: list[ContainerStart]


@shows(symptom.Symptom)
class Symptom(Contract):
    """A known message with the values in it, and where it stood."""

    kind: str
    says: str
    values: dict[str, str]
    seen: Evidence = field(name="evidence")


@shows(limits.Disk)
class Disk(Contract):
    """A file system, in bytes."""

    place: str
    size: int
    free: int


@shows(limits.NoexecPlace)
class NoexecPlace(Contract):
    """A directory from which nothing may be executed."""

    place: str
    path: str
    mount: str


@shows(limits.CacheDir)
class CacheDir(Contract):
    """A cache directory."""

    computed: ClassVar[Rules] = {"mode": _mode}
    path: str
    variable: str | None
    mode: Octal
    writable: bool | None


@shows(limits.SearchedDir)
class SearchedDir(Contract):
    """A searched directory that others may write to."""

    computed: ClassVar[Rules] = {"mode": _mode}
    variable: str
    path: str
    mode: Octal


@shows(limits.InfinibandPort)
class InfinibandPort(Contract):
    """A port of an InfiniBand adapter."""

    device: str
    port: str
    state: str | None
    link_layer: str | None


@shows(limits.LimitFacts)
class Limits(Contract):
    """Sizes in bytes; what is not known is null, what has no limit is named in `unlimited`."""

    address_space: int | None
    locked_memory: int | None
    open_files: int | None
    unlimited: list[str]
    shm_size: int | None
    shm_free: int | None
    overcommit: int | None
    memory_total: int | None
    cgroup_memory: int | None
    oom_kills: int | None
    disks: list[Disk]
    noexec: list[NoexecPlace]
    caches: list[CacheDir]
    writable: list[SearchedDir]
    infiniband: list[InfinibandPort]
    peermem: bool | None
    interfaces: list[str] | None
    tools: list[str] | None
    scheduler: str | None
    confined: str | None
    musl: bool | None
    variables: dict[str, str] = field(name="nccl_settings")


@shows(kernel.KernelEvent)
class KernelEvent(Contract):
    """A message of the kernel log."""

    computed: ClassVar[Rules] = {"age": lambda one: None if one.age is None else round(one.age)}
    kind: str
    code: int | None
    bus_id: str | None = field(name="pci_bus_id")
    age: int | None
    text: str


@shows(kernel.DkmsModule)
class DkmsModule(Contract):
    """A version of the driver that DKMS knows."""

    name: str
    version: str
    kernel: str | None
    state: str
    reason: str | None


@shows(kernel.ModprobeLine)
class ModprobeLine(Contract):
    """A line of modprobe's configuration."""

    computed: ClassVar[Rules] = {"where": lambda one: one.seen.where}
    kind: str
    module: str
    value: str
    where: str


@shows(kernel.ModuleFile)
class ModuleFile(Contract):
    """The driver's module on disk."""

    computed: ClassVar[Rules] = {"signed": lambda one: one.signer is not None}
    version: str | None
    license: str | None
    signed: bool
    vermagic: str | None


@shows(kernel.BusErrors)
class BusErrors(Contract):
    """Errors that PCI Express counted for a device."""

    bus_id: str = field(name="pci_bus_id")
    correctable: int | None
    nonfatal: int | None
    fatal: int | None


@shows(kernel.KernelFacts)
class Kernel(Contract):
    """Events, DKMS and what decides about loading."""

    computed: ClassVar[Rules] = {"events": lambda one: None if one.events is None else one.events[-_MOST_EVENTS:]}
    events: list[KernelEvent] | None
    modules_present: bool | None
    kernels: list[str]
    nvidia_kernels: list[str]
    prebuilt_kernels: list[str]
    headers: bool | None
    dkms: list[DkmsModule] | None
    modprobe: list[ModprobeLine]
    prime: str | None
    module: ModuleFile | None
    lockdown: str | None
    gsp_firmware: bool | None
    parameters: list[str]
    reboot_required: list[str]
    bus_errors: list[BusErrors]
    vgpu_host: bool | None


@shows(context.CloudInstance)
class CloudInstance(Contract):
    """A cloud machine, by its type."""

    type: str
    provider: str
    maker: str | None
    gpu: str | None


@shows(context.ContextFacts)
class Context(Contract):
    """Where the failing program runs, and what its session was given."""

    computed: ClassVar[Rules] = {"tried": lambda one: [attempt.what for attempt in one.tried]}
    container: str | None
    container_gpu: bool | None
    scheduler: str | None
    step: str | None
    job_gpu: bool | None
    gpus_elsewhere: str | None
    virtual_machine: str | None
    instance: CloudInstance | None
    tried: list[str]


def _shell(facts: Facts) -> object:
    unknown = {"variables": None, "rc_lines": None} if facts.shell is None else {}
    return fill(Shell, facts.shell or shell.ShellFacts(), **unknown)


@shows(Facts)
class FactsSection(Contract):
    """All facts. `os`, `driver` and `shell` are objects even where nothing is known; an unknown list is null."""

    computed: ClassVar[Rules] = {
        "os": lambda facts: facts.os or system.OsFacts(),
        "driver": lambda facts: facts.driver or driver.DriverFacts(),
        "toolkits": lambda facts: None if facts.toolkit is None else facts.toolkit.toolkits,
        "shell": _shell,
    }
    os: Os
    gpus: list[Gpu] | None
    driver: Driver
    toolkits: list[Toolkit] | None
    shell: Shell
    envs: list[Env] | None
    pci: Pci | None
    smi: Smi | None
    services: Services | None
    libcuda: Libcuda | None
    nodes: list[DeviceNode] | None
    toolkit: Inventory | None
    compiler: Compiler | None
    loader: Loader | None
    conda: Conda | None
    distro: Distro | None
    runtime: Runtime | None
    symptoms: list[Symptom] | None
    limits: Limits | None
    kernel: Kernel | None
    context: Context | None


def facts_document(facts: Facts) -> dict[str, Any]:
    """All facts, as JSON has them."""
    return fill(FactsSection, facts)
