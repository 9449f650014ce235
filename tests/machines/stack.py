"""What follows from a machine's state: nvidia-smi's answer, cuInit's code, what torch finds: so that they agree."""

from __future__ import annotations

from dataclasses import dataclass

from cudadoctor.host.base import Completed

from . import smi_output
from .parts import Env, Gpu, Machine, Torch
from .tree import Call, Program, hangs, prints

NAMES = {
    0: "CUDA_SUCCESS",
    34: "CUDA_ERROR_STUB_LIBRARY",
    46: "CUDA_ERROR_DEVICE_UNAVAILABLE",
    100: "CUDA_ERROR_NO_DEVICE",
    101: "CUDA_ERROR_INVALID_DEVICE",
    304: "CUDA_ERROR_OPERATING_SYSTEM",
    802: "CUDA_ERROR_SYSTEM_NOT_READY",
    805: "CUDA_ERROR_MPS_CONNECTION_FAILED",
    803: "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH",
    804: "CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE",
    999: "CUDA_ERROR_UNKNOWN",
}
SAID = {
    34: "CUDA driver is a stub library",
    46: "all CUDA-capable devices are busy or unavailable",
    304: "OS call failed or operation not supported on this OS",
    802: "system not yet initialized",
    805: "MPS client failed to connect to the MPS control daemon or the MPS server",
    803: "system has unsupported display driver / cuda driver combination",
    804: "forward compatibility was attempted on non supported HW",
}


def numbers(version: str) -> tuple[int, ...]:
    """A version for comparing."""
    return tuple(int(part) for part in version.split("."))


# --- nvidia-smi ---


def visible_to_nvml(machine: Machine) -> tuple[Gpu, ...]:
    """GPUs that the loaded driver supports."""
    driver = machine.driver
    if driver is None or not driver.loaded:
        return ()
    return tuple(gpu for gpu in machine.gpus if gpu.bound == "nvidia" and gpu.in_smi and _served(gpu, machine))


def _served(gpu: Gpu, machine: Machine) -> bool:
    """Blackwell wants the open module; the open one refuses what came before Turing; 590 dropped Maxwell to Volta."""
    assert machine.driver is not None
    if machine.wsl or machine.jetson:
        return True
    capability, branch = numbers(gpu.capability), smi_output.branch(machine.driver.version)
    if capability >= (10, 0) and not machine.driver.open:
        return False
    if capability < (7, 5) and (machine.driver.open or branch >= 590):
        return False
    return not (capability < (5, 0) and branch >= 495)


def smi(machine: Machine) -> Program:
    """The nvidia-smi of this machine."""
    driver = machine.driver
    assert driver is not None
    gpus = visible_to_nvml(machine)
    mismatch = driver.library_version not in (None, driver.version)

    def fails(status: int, said: str) -> Program:
        return prints(f"{said}\n", status=status)

    if machine.smi == "hangs":
        return hangs(stuck=False)
    if machine.smi == "segv":
        return prints(status=-11)
    if machine.smi == "garbage":
        return prints(b"\x00\xff\x1b[31m\xfe garbage \x00" * 40)
    if machine.smi == "empty":
        return prints("")
    if machine.smi_message is not None:
        return fails(machine.smi_status, machine.smi_message)
    if machine.smi == "nvml-unknown":
        return fails(255, "Failed to initialize NVML: Unknown Error")
    if machine.smi == "no-communication" or not driver.loaded:
        return fails(
            9,
            "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. "
            "Make sure that the latest NVIDIA driver is installed and running.\n",
        )
    if not driver.libraries:
        return fails(12, "NVIDIA-SMI couldn't find libnvidia-ml.so library in your system.")
    if mismatch:
        library = ".".join((driver.library_version or "").split(".")[:2])
        extra = f"\nNVML library version: {library}" if smi_output.branch(library) >= 530 else ""
        return fails(18, f"Failed to initialize NVML: Driver/library version mismatch{extra}")
    if not _openable(machine, "/dev/nvidiactl"):
        return fails(4, "Failed to initialize NVML: Insufficient Permissions")
    if not gpus:
        return fails(6, "No devices were found")

    def run(call: Call) -> Completed:
        given = call.argv[1:]
        if any(one in ("-x", "--xml-format") for one in given):
            whole = smi_output.xml(gpus, driver.version, driver.cuda)
            if machine.smi == "table-only":
                return prints("XML format is not supported\n", status=2)(call)
            if machine.smi_warning is not None:
                return prints(f"{whole}{machine.smi_warning}\n", status=14)(call)
            return prints(whole[: len(whole) // 2] if machine.smi == "half" else whole)(call)
        if machine.smi == "half":
            shown = smi_output.table(gpus, driver.version, driver.cuda)
            return prints(shown[:60])(call)
        query = next((one for one in given if one.startswith("--query-gpu")), None)
        if query is not None:
            form = next((one for one in given if one.startswith("--format")), "--format=csv")
            status, shown = smi_output.csv(
                gpus,
                driver.version,
                query.partition("=")[2].split(","),
                header="noheader" not in form,
                units="nounits" not in form,
            )
            return prints(shown, status=status)(call)
        if "-L" in given:
            return prints(smi_output.listing(gpus))(call)
        return prints(smi_output.table(gpus, driver.version, driver.cuda))(call)

    return run


def _openable(machine: Machine, path: str) -> bool:
    driver = machine.driver
    assert driver is not None
    if machine.wsl or machine.jetson or machine.uid == 0:
        return driver.node_errno.get(path, 0) == 0
    member = driver.node_gid == 44 and "video" in machine.groups
    bits = driver.node_mode >> 3 if member else driver.node_mode
    return bool(bits & 6 == 6) and driver.node_errno.get(path, 0) == 0


# --- libcuda ---


@dataclass(frozen=True, kw_only=True)
class Cuda:
    """The state of libcuda in a child of the user's environment."""

    path: str | None
    """None: the loader finds none."""
    cuinit: int
    version: str
    devices: tuple[Gpu, ...]


def cuda(machine: Machine) -> Cuda:
    """What cuInit and the device list give."""
    driver, own = machine.driver, machine.libcuda
    folder = "/usr/lib/wsl/lib" if machine.wsl else (driver.libdir if driver and driver.libdir else machine.os.libdir)
    if machine.jetson and driver:
        folder = f"{machine.os.libdir}/{'nvidia' if driver.cuda.startswith('12') else 'tegra'}"
    library = driver and (driver.library_version or driver.version)
    path = own.path or (
        f"{folder}/libcuda.so.{'1.1' if machine.wsl or machine.jetson else library}"
        if driver and driver.libraries
        else None
    )
    if path is None or own.behaviour == "missing":
        return Cuda(path=None, cuinit=-1, version="0.0", devices=())
    version = driver.cuda if driver else "0.0"
    code = own.cuinit if own.cuinit is not None else _code(machine)
    devices = _enumerated(machine) if code == 0 else ()
    if code == 0 and not devices:
        code = 100
    return Cuda(path=path, cuinit=code, version=version, devices=devices)


def _code(machine: Machine) -> int:
    driver = machine.driver
    assert driver is not None
    branch = smi_output.branch(driver.library_version or driver.version)
    if not driver.loaded:
        return 100 if branch >= 418 else 999
    if driver.library_version not in (None, driver.version):
        return 803
    if not (machine.wsl or machine.jetson) and (
        not driver.uvm or not driver.nodes or not _openable(machine, "/dev/nvidia-uvm")
    ):
        return 999
    if machine.nvswitches and machine.fabric_manager is False:
        return 802
    return 0 if visible_to_nvml(machine) else 100


def _enumerated(machine: Machine) -> tuple[Gpu, ...]:
    """Devices after CUDA_VISIBLE_DEVICES; a GPU in MIG mode counts as its first instance, or not at all."""
    gpus = [gpu for gpu in visible_to_nvml(machine) if not gpu.lost_in_smi]
    if any(gpu.mig == "Enabled" for gpu in gpus):
        gpus = [gpu for gpu in gpus if gpu.mig == "Enabled" and gpu.mig_devices][:1]
    if machine.cuda_order is not None:
        gpus = [gpus[place] for place in machine.cuda_order]
    given = machine.variables.get("CUDA_VISIBLE_DEVICES")
    if given is None:
        return tuple(gpus)
    chosen: list[Gpu] = []
    for word in given.split(","):
        number = word.strip()
        if number.startswith(("GPU-", "MIG-")):
            chosen += gpus[:1]
        elif number.isdigit() and int(number) < len(gpus):
            chosen.append(gpus[int(number)])
        else:
            break  # an index that does not exist hides itself and everything after it
    return tuple(chosen)


# --- torch ---


@dataclass(frozen=True, kw_only=True)
class TorchSays:
    """What torch answers."""

    available: bool
    devices: tuple[Gpu, ...] = ()
    warning: str | None = None
    error: str | None = None
    """What its initialisation raises where it is asked in the way that raises."""


def release(torch: Torch) -> tuple[int, int]:
    """Major and minor of a torch version."""
    major, minor = torch.version.split(".")[:2]
    return int(major), int(minor)


def torch(machine: Machine, torch: Torch) -> TorchSays:
    """What `torch.cuda` finds, and what it warns of."""
    if torch.cuda is None:
        return TorchSays(available=False, warning=torch.warning)
    if torch.live == "unavailable":
        return TorchSays(available=False, error="RuntimeError: No CUDA GPUs are available")
    state = cuda(machine)
    if state.path is None:
        return TorchSays(
            available=False, warning=torch.warning, error="RuntimeError: Found no NVIDIA driver on your system."
        )
    failure = _failure(state, torch)
    if failure is not None:
        loud = release(torch) >= (1, 6) and state.cuinit != 100
        return TorchSays(
            available=False,
            warning=f"CUDA initialization: {failure}" if loud else torch.warning,
            error=f"RuntimeError: {failure}",
        )
    misfit = next((gpu for gpu in state.devices if torch.archs and not runs_on(torch.archs, gpu.capability)), None)
    warning = torch.warning
    if misfit is not None:
        sm = f"sm_{misfit.capability.replace('.', '')}"
        warning = f"{misfit.name} with CUDA capability {sm} is not compatible with the current PyTorch installation."
    return TorchSays(available=True, devices=state.devices, warning=warning)


def _failure(state: Cuda, torch: Torch) -> str | None:
    """torch's words where CUDA does not start; they carry the runtime's code or the version that it found."""
    assert torch.cuda is not None
    if not _serves(state.version, torch.cuda):
        major, minor = numbers(state.version)[:2]
        return f"The NVIDIA driver on your system is too old (found version {major * 1000 + minor * 10})."
    if state.cuinit == 100:
        return "No CUDA GPUs are available"
    if state.cuinit == 999:
        return "CUDA unknown error - this may be due to an incorrectly set up environment."
    if state.cuinit != 0:
        return f"Unexpected error from cudaGetDeviceCount(). Error {state.cuinit}: {SAID.get(state.cuinit, 'unknown')}"
    return None


def _serves(driver_cuda: str, runtime: str) -> bool:
    """Newer or equal; or, from CUDA 11 on, of the same major."""
    have, wanted = numbers(driver_cuda)[:2], numbers(runtime)[:2]
    return have >= wanted or (have[0] == wanted[0] and wanted[0] >= 11)


def runs_on(archs: tuple[str, ...], capability: str) -> bool:
    """A cubin of the same major and no newer minor, or PTX that is no newer."""
    major, minor = (int(part) for part in capability.split("."))
    for arch in archs:
        kind, _, digits = arch.partition("_")
        digits = digits.rstrip("af")
        have = (int(digits[:-1]), int(digits[-1]))
        if kind == "sm" and have[0] == major and have[1] <= minor:
            return True
        if kind == "compute" and have <= (major, minor):
            return True
    return False


def environment_of(machine: Machine) -> Env | None:
    """The active environment."""
    return next((env for env in machine.envs if env.active), None)
