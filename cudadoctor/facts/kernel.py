"""The Linux kernel: what its log says of the driver, and what decides whether NVIDIA's modules can be loaded."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from cudadoctor.facts.seen import Seen


class KernelEvent(Struct, frozen=True, kw_only=True):
    """A message of the kernel log that matters here, of this boot (or of a paste)."""

    kind: str
    """`xid`, `api-mismatch`, `legacy-gpu`, `loaded`, or a KernelLineKind: `fallen-off-bus`, `resumed` …"""
    text: str
    bus_id: str | None = None
    """`0000:01:00.0`, where the message names a GPU."""
    code: int | None = None
    """The number of an Xid."""
    age: float | None = None
    """Seconds before the log was read; None where that cannot be told."""
    values: tuple[tuple[str, str], ...] = ()
    """Names and values that the message carries."""
    seen: Seen


BuildReason = Literal["headers-missing", "compiler-missing", "compiler-differs", "kernel-too-new", "no-space", "other"]


class DkmsModule(Struct, frozen=True, kw_only=True):
    """What DKMS knows of a version of the NVIDIA driver, for one kernel or for none."""

    name: str
    """`nvidia`, `nvidia-open`, `nvidia-current` …"""
    version: str
    kernel: str | None = None
    """None: added, and neither built nor tried for any kernel."""
    state: Literal["added", "built", "installed", "failed"]
    reason: BuildReason | None = None
    """Why the build failed, as its make.log has it."""
    seen: Seen


class ModprobeLine(Struct, frozen=True, kw_only=True):
    """A line of modprobe's configuration about nvidia or nouveau."""

    kind: Literal["blacklist", "off", "options", "install"]
    """off: an alias to `off`, or an install line that runs true or false."""
    module: str
    value: str = ""
    seen: Seen


class ModuleFile(Struct, frozen=True, kw_only=True):
    """nvidia.ko on disk for the running kernel, as modinfo describes it."""

    version: str | None = None
    license: str | None = None
    """`NVIDIA` is the proprietary module, `Dual MIT/GPL` the open one."""
    signer: str | None = None
    """None: it is not signed."""
    vermagic: str | None = None
    """The kernel that it was built for."""
    seen: Seen


class BusErrors(Struct, frozen=True, kw_only=True):
    """PCI Express errors of a GPU since the start (AER counters)."""

    bus_id: str
    correctable: int | None = None
    nonfatal: int | None = None
    fatal: int | None = None


class KernelFacts(Struct, frozen=True, kw_only=True):
    """The running kernel and the modules on disk for it."""

    live: bool = False
    """Read from the running machine just now; False: from a paste, whose parts may be of different times."""
    events: tuple[KernelEvent, ...] | None = None
    """From the kernel log, oldest first; None: the log could not be read, and nothing is known of it."""
    modules_present: bool | None = None
    """/lib/modules has a folder of the running kernel; False after an upgrade that removed it."""
    kernels: tuple[str, ...] = ()
    """Kernels with a folder under /lib/modules."""
    nvidia_kernels: tuple[str, ...] = ()
    """Those for which there is an nvidia module."""
    prebuilt_kernels: tuple[str, ...] = ()
    """Those of them whose nvidia module the distribution built (Ubuntu's linux-modules-nvidia packages)."""
    headers: bool | None = None
    """The headers of the running kernel are installed: /lib/modules/<kernel>/build leads somewhere."""
    dkms: tuple[DkmsModule, ...] | None = None
    """NVIDIA's modules that DKMS knows; empty: DKMS is there and knows none; None: no DKMS, or no look at it."""
    modprobe: tuple[ModprobeLine, ...] = ()
    prime: str | None = None
    """Ubuntu's prime-select: `on`, `off`, `on-demand`."""
    module: ModuleFile | None = None
    """Looked at only where no nvidia module is loaded."""
    lockdown: str | None = None
    """`none`, `integrity`, `confidentiality`."""
    gsp_firmware: bool | None = None
    """GSP firmware of the loaded module's version is on disk."""
    parameters: tuple[str, ...] = ()
    """Of the kernel's command line, what matters here: `nomodeset`, `modprobe.blacklist=nvidia` …"""
    reboot_required: tuple[str, ...] = ()
    """Packages that ask for a reboot (Ubuntu's and Debian's reboot-required.pkgs)."""
    bus_errors: tuple[BusErrors, ...] = ()
    vgpu_host: bool | None = None
    """NVIDIA's vGPU manager is loaded: its host driver brings no CUDA."""
