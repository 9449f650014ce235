"""What several checks ask of the facts. Pure, and no rule of its own."""

from __future__ import annotations

import re
from collections.abc import Iterable

from cudadoctor.checks.engine.base import Severity, Unknown
from cudadoctor.facts.driver import DeviceNode, DriverFacts, LibcudaFacts, PciDevice, PciFacts, SmiFacts, SmiGpu
from cudadoctor.facts.envs import UNNAMED, EnvFacts, TorchFacts
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.kernel import KernelFacts
from cudadoctor.facts.seen import Seen
from cudadoctor.facts.shell import ShellFacts
from cudadoctor.facts.subject import Env
from cudadoctor.facts.system import OsFacts
from cudadoctor.facts.toolkit import ToolkitFacts, ToolkitInventory
from cudadoctor.versions import ComputeCapability, CudaDriverVersion, DriverVersion, RuntimeVersion

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]")
_LIBRARY_VERSION = re.compile(r"\.so\.(\d{3}\.\d{1,3}(?:\.\d{1,3})?)\Z")
# /usr/local/cuda-12.8/compat, NGC's compat/lib.real and compat.orig, conda-forge's cuda-compat.
_COMPAT = re.compile(r"/(?:cuda[-_])?compat(?:[-_.][\w.-]{1,40})?/")
_SWITCHED_OFF = ("void", "none")
_USEFUL_FROM = ComputeCapability(5, 0)
_GPU_NODE = re.compile(r"/dev/nvidia\d+\Z")
_CONTROL_NODES = ("/dev/nvidiactl", "/dev/nvidia-uvm")
_EPERM = 1


def clean(text: str | None, limit: int = 240) -> str:
    """Foreign text fit for a message: one line, no control or direction characters, cut at `limit` characters."""
    line = _CONTROL.sub(" ", text or "").strip()
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def seen(where: str, text: str) -> Seen:
    """Evidence whose text may be foreign."""
    return Seen(where=clean(where), text=clean(text))


def rows(*found: Seen | None) -> tuple[Seen, ...]:
    """The evidence that there is."""
    return tuple(one for one in found if one is not None)


# The machine


def bare(os: OsFacts) -> bool:
    """Its kernel, modules and devices are its own affair: no container, no WSL, no Jetson."""
    return os.container is None and os.wsl is None and os.jetson is None


def own_pci(pci: PciFacts | None) -> tuple[PciDevice, ...]:
    """The GPUs on the bus that this machine keeps for itself: not those that vfio holds for a guest."""
    return () if pci is None else tuple(device for device in pci.gpus if device.driver != "vfio-pci")


def given_away(pci: PciFacts | None) -> bool:
    """Every NVIDIA GPU is held by vfio-pci for a guest."""
    return pci is not None and bool(pci.gpus) and not own_pci(pci)


def cuda_runs(libcuda: LibcudaFacts | None) -> bool:
    """The CUDA driver library started and sees a device: whatever looks odd, CUDA works."""
    return libcuda is not None and libcuda.outcome == "ok" and bool(libcuda.device_count or libcuda.devices)


def smi_lists(smi: SmiFacts | None) -> bool:
    """nvidia-smi answered, and lists a GPU that it can talk to."""
    return smi is not None and smi.outcome == "ok" and any(not gpu.lost for gpu in smi.gpus)


def smi_sees(smi: SmiFacts | None, gpu: GpuFacts) -> bool:
    """nvidia-smi answered, and lists this very GPU."""
    if smi is None or smi.outcome != "ok":
        return False
    if gpu.pci_bus_id is None:
        return any(one.index == gpu.index for one in smi.gpus)
    return any(one.bus_id == gpu.pci_bus_id for one in smi.gpus)


def expects_gpu(gpus: tuple[GpuFacts, ...] | None, os: OsFacts | None, driver: DriverFacts | None) -> bool:
    """CUDA should find a GPU here: one is known, a Jetson always has one, or Windows has put its driver into WSL."""
    if gpus or (gpus is None and os is not None and os.jetson is not None):
        return True
    return os is not None and os.wsl == 2 and driver is not None and bool(driver.installed)


def gpu_shown(gpu: GpuFacts) -> str:
    """`GPU 0 (NVIDIA A10)`."""
    return f"GPU {gpu.index} ({clean(gpu.name, 80)})" if gpu.name else f"GPU {gpu.index}"


def library_version(path: str | None) -> DriverVersion | None:
    """The driver version in the name of a library's file: `libcuda.so.535.54.03`; None for stub and cuda-compat."""
    if path is None or is_stub(path) or is_compat(path):
        return None
    match = _LIBRARY_VERSION.search(path)
    return None if match is None else DriverVersion.parse(match.group(1))


def is_stub(path: str) -> bool:
    """The library lies in a toolkit's directory of link-time stubs."""
    return "/stubs/" in path or path.endswith("/stubs")


def stubs_on_path(shell: ShellFacts | None) -> str | None:
    """The first directory of link-time stubs on LD_LIBRARY_PATH; None where there is none, or that is not known."""
    entries = shell.entries if shell is not None else ()
    return next((one.text for one in entries if one.variable == "LD_LIBRARY_PATH" and is_stub(one.text)), None)


def is_compat(path: str) -> bool:
    """The library is one of a cuda-compat package."""
    return _COMPAT.search(path) is not None


def refused(nodes: Iterable[DeviceNode] | None, errno: int) -> tuple[DeviceNode, ...]:
    """Nodes without which CUDA does not start and that a real open answered with `errno`.

    One GPU's node alone does not count while another GPU's node opens: a container may be given a part of them.
    """
    known = tuple(nodes or ())
    gpu_nodes = [node for node in known if _GPU_NODE.match(node.path)]
    needed = [node for node in known if node.path in _CONTROL_NODES]
    if gpu_nodes and not any(node.errno == 0 for node in gpu_nodes):
        needed += gpu_nodes
    return tuple(node for node in needed if node.errno == errno)


def withheld(nodes: Iterable[DeviceNode] | None, os: OsFacts | None) -> bool:
    """No container, and the device cgroup refuses every GPU's node: a job that did not ask its batch system for one."""
    gpu_nodes = [node for node in nodes or () if _GPU_NODE.match(node.path)]
    return os is not None and bare(os) and bool(gpu_nodes) and all(node.errno == _EPERM for node in gpu_nodes)


def switched_off(os: OsFacts | None) -> bool:
    """A container that was told to have no GPU: Kubernetes does so with pods that ask for none."""
    if os is None or os.container is None:
        return False
    return (os.nvidia_visible_devices or "").strip().lower() in _SWITCHED_OFF


def computes_on_cpu(os: OsFacts | None, env: EnvFacts | None) -> bool:
    """A container without a word of a GPU, and a torch that was chosen without CUDA: an image for the CPU."""
    if os is None or os.container is None or env is None or env.torch is None:
        return False
    return os.nvidia_visible_devices is None and is_cpu_build(env.torch) is True


def too_old_for_torch(gpus: tuple[GpuFacts, ...] | None) -> bool:
    """No GPU here is one that current builds of torch support: computing on the CPU is all that is left."""
    known = [gpu.compute_capability for gpu in gpus or ()]
    return bool(known) and all(one is not None and one < _USEFUL_FROM for one in known)


def has_node(nodes: Iterable[DeviceNode], path: str) -> bool:
    """The node is there."""
    return any(node.path == path for node in nodes)


def has_gpu_node(nodes: Iterable[DeviceNode]) -> bool:
    """At least one /dev/nvidiaN is there."""
    return any(_GPU_NODE.match(node.path) for node in nodes)


def node_seen(node: DeviceNode) -> Seen:
    """Evidence for a node: mode, owner, and what opening it gave."""
    opened = "not tried" if node.errno is None else "opened" if node.errno == 0 else f"errno {node.errno}"
    return seen(node.path, f"mode {node.mode:04o}, uid {node.uid}, gid {node.gid}, open: {opened}")


def smi_seen(smi: SmiFacts) -> Seen:
    """Evidence for what nvidia-smi said."""
    if smi.seen is not None:
        return smi.seen
    end = f"signal {smi.signal}" if smi.signal is not None else f"exit status {smi.exit_code}"
    return seen(smi.path or "nvidia-smi", smi.message or (end if smi.outcome in ("failed", "crashed") else smi.outcome))


def cuinit_seen(libcuda: LibcudaFacts) -> Seen:
    """Evidence for what libcuda said."""
    return libcuda.seen or seen(libcuda.path or "libcuda.so.1", cuinit_text(libcuda))


def cuinit_text(libcuda: LibcudaFacts) -> str:
    """`cuInit gave 999 (CUDA_ERROR_UNKNOWN)`."""
    if libcuda.cuinit is None:
        return f"libcuda: {libcuda.outcome}"
    return f"cuInit gave {libcuda.cuinit}" + (f" ({clean(libcuda.cuinit_name, 60)})" if libcuda.cuinit_name else "")


def absent_without_gpu(gpus: tuple[GpuFacts, ...] | None) -> Severity | None:
    """INFO on a machine that is known to have no GPU, where nothing of CUDA is needed; else the check's own."""
    return Severity.INFO if gpus == () else None


# Environments


def active(envs: tuple[EnvFacts, ...]) -> EnvFacts | None:
    """The environment that a bare `python` uses, where that is known."""
    return next((env for env in envs if env.active), None)


def weight(env: EnvFacts) -> Severity | None:
    """Only the active environment is meant to work now; another one is worth a word at most."""
    return None if env.active else Severity.INFO


def env_subject(env: EnvFacts) -> str:
    """`env:/prefix`."""
    return str(Env(clean(env.prefix)))


def torch_shown(env: EnvFacts, torch: TorchFacts) -> str:
    """`torch 2.9.1+cu128 in env `x``; without the environment in a pasted text that names none."""
    where = "" if env.name == UNNAMED else f" in env `{clean(env.name, 80)}`"
    return f"torch {clean(torch.version, 60)}{where}"


def release(text: str) -> tuple[int, ...]:
    """The leading numbers of a version: `2.9.1+cu128` is (2, 9, 1), `2.0.0a0+git` (2, 0, 0)."""
    numbers = []
    for part in text.partition("+")[0].split(".")[:4]:
        digits = re.match(r"\d{1,9}", part)
        if digits is None:
            break
        numbers.append(int(digits.group()))
        if digits.group() != part:
            break
    return tuple(numbers)


def is_cpu_build(torch: TorchFacts) -> bool | None:
    """The build is known to have no accelerator at all; None where it does not say what it was built for."""
    if torch.cuda is not None or torch.hip is not None:
        return False
    if torch.build is not None:
        return torch.build == "cpu"
    local = torch.version.partition("+")[2]
    named = f"{local} {torch.build_string or ''}".lower()
    if "cpu" in named:
        return True
    return None


def runtime_served(
    driver: DriverFacts, runtime: RuntimeVersion, os: OsFacts | None
) -> tuple[bool | None, DriverVersion | None]:
    """Whether the driver supports a CUDA runtime, and the oldest driver that does (None where no table says).

    The driver's own word goes first (cuDriverGetVersion, which also knows of cuda-compat): from CUDA 11 on, a driver
    of the same major is enough. The table of floors decides where the driver has not said, and, for CUDA 11, whether
    an 11.0 driver is new enough for that rule. Under WSL the driver has Windows' numbers; a Jetson's are its own.
    """
    from cudadoctor.compat import drivers

    windows = os is not None and os.wsl is not None
    floor = drivers.floor(runtime.cuda, windows=windows)
    oldest = None if floor is None else floor.version
    own_numbers = os is None or os.jetson is None
    said: CudaDriverVersion | None = driver.cuda_version
    if said is not None:
        if said.cuda >= runtime.cuda:
            return True, oldest
        if said.major < runtime.major or runtime.major < 11:
            return False, oldest
        if runtime.major > 11:
            return True, oldest
    if driver.version is not None and oldest is not None and own_numbers:
        return driver.version >= oldest, oldest
    return None, oldest


# Toolkits


def toolkits_in_use(inventory: ToolkitInventory) -> tuple[ToolkitFacts, ...]:
    """The toolkits that a build in this shell would use: CUDA_HOME's, then that of the nvcc on PATH."""
    roots = (inventory.cuda_home_root, inventory.nvcc_on_path_root)
    found = [
        next((one for one in inventory.toolkits if root in (one.real_root, one.root)), None)
        for root in dict.fromkeys(root for root in roots if root)
    ]
    return tuple(one for one in found if one is not None)


def toolkit_shown(toolkit: ToolkitFacts) -> str:
    """`CUDA 10.1.243 in /usr/local/cuda-10.1`."""
    return (
        f"CUDA {toolkit.version} in {clean(toolkit.root)}"
        if toolkit.version
        else f"the toolkit in {clean(toolkit.root)}"
    )


_LAPTOP = re.compile(r"\b(?:laptop|mobile|max-q|notebook)\b|\b(?:GTX|MX|RTX|GT) ?\d{3,4}M\b", re.IGNORECASE)
_CONSUMER = re.compile(r"\b(?:geforce|titan|quadro|rtx (?:pro |a)?\d|nvs|gtx)\b", re.IGNORECASE)
# "GRID V100D-2B", "NVIDIA A40-4A", "NVIDIA L40S-24C", "GRID T4-16Q", "NVIDIA A100-3-20C": product, memory, series.
_PROFILE = re.compile(r"(?:GRID |NVIDIA )\w[\w -]{1,40}?-\d{1,3}([ABCQ])\d?(?:ME)?\Z")


def failed_with(libcuda: LibcudaFacts | None, *codes: int) -> bool:
    """CUDA's driver library refused with one of these codes."""
    return libcuda is not None and libcuda.cuinit in codes


def laptop(name: str | None) -> bool:
    """The GPU's name is that of a laptop's: power and clocks there follow the battery and the lid."""
    return _LAPTOP.search(name or "") is not None


def consumer(name: str | None) -> bool:
    """A GeForce or a workstation card, as far as the name tells."""
    return _CONSUMER.search(name or "") is not None


def vgpu_series(name: str | None) -> str | None:
    """`A`, `B`, `C` or `Q` of a virtual GPU's profile, from its name; None where it is no such name."""
    match = _PROFILE.match((name or "").strip())
    return match.group(1) if match else None


def is_vgpu(gpu: SmiGpu) -> bool:
    """It is a part of a GPU that a hypervisor lends to this guest."""
    return (gpu.virtualization or "").upper() == "VGPU" or vgpu_series(gpu.name) is not None


def lends(smi: SmiFacts | None) -> bool:
    """The machine lends parts of its GPUs to guests (a vGPU host): what they use is not listed here."""
    return smi is not None and any("HOST" in (gpu.virtualization or "").upper() for gpu in smi.gpus)


def guest(gpu: SmiGpu) -> bool:
    """A virtual machine: the slot that it sees is none of iron."""
    return (gpu.virtualization or "None").lower() not in ("none", "n/a")


def whole_view(os: OsFacts | None) -> bool:
    """What this shell sees of processes and devices is the whole machine."""
    return os is not None and bare(os)


def named(gpu: SmiGpu) -> str:
    """`GPU 0 (NVIDIA A10)`."""
    return f"GPU {gpu.index} ({clean(gpu.name, 80)})" if gpu.name else f"GPU {gpu.index}"


def milder(on: bool) -> Severity | None:
    """INFO where `on`, else the check's own severity."""
    return Severity.INFO if on else None


def names(gpus: tuple[GpuFacts, ...] | None) -> tuple[str, ...]:
    """The names that are known."""
    return tuple(gpu.name for gpu in gpus or () if gpu.name)


UNSURE = Unknown(subject="machine", reason="whether this is intended could not be determined")


def unsure(os: OsFacts | None, kernel: KernelFacts | None, pci: PciFacts | None, *facts: object) -> bool:
    """A fact is missing that a running machine has, and that tells a GPU that is off on purpose from a broken one.

    A container and WSL have no kernel and no bus of their own to ask. In a text hardly a fact is known, and what it
    shows is what somebody asks about.
    """
    if os is None:
        return kernel is not None and kernel.live
    if os.uid is None:
        return False
    return (bare(os) and (kernel is None or pci is None)) or any(one is None for one in facts)
