"""How each distribution gets a driver: packages of a pinned branch, its own tool, NVIDIA's repository, or words."""

from __future__ import annotations

import re
from typing import Literal

from msgspec import Struct

from cudadoctor.compat import drivers
from cudadoctor.facts.base import Facts
from cudadoctor.recommend.model import Request
from cudadoctor.remedies import machine, who
from cudadoctor.remedies.cures import install_driver
from cudadoctor.remedies.install import repository
from cudadoctor.remedies.plan import PlanStep, Prints
from cudadoctor.remedies.step_parts import NVIDIA_GUIDE, apt_install, apt_update, dpkg_has, rooted, rpm_has, tell
from cudadoctor.versions import ComputeCapability, DriverVersion

BRANCH = 580
"""The branch that is pinned: LTS until 2028-06 (the table of branches); serves CUDA 13, and Maxwell to Volta still."""
_PINNED_UBUNTU = ("22.04", "24.04", "26.04")
"""Releases whose updates have nvidia-driver-580-server and -580-server-open (Ubuntu's package index, 2026-11-30)."""
_UBUNTU_WITH_470 = ("20.04", "22.04", "24.04")
"""From memory; 24.04 still has it."""
DEBIAN = {12: "535.247.01", 13: "550.163.01"}
"""The driver of each Debian's non-free component: 535 and 550.163 were seen in its archive (November 2026)."""
OF_UBUNTU = {16: "430.64", 18: "535.183.01", 20: "570.133.07"}
"""What ubuntu-drivers finds at most in a release that got no 580: from memory."""
_DISK_MIB = 1500
"""Driver with its kernel sources built; an estimate."""
State = Literal["fine", "missing", "broken", "old", "asked", "no-gpu", "unknown"]
_KERNEL = re.compile(r"[0-9][A-Za-z0-9._~+-]*[A-Za-z0-9]\Z")
"""A kernel's release that can stand in a package's name. apt takes `name-` for an order to remove it."""
RUNS = Prints(argv=("nvidia-smi", "-L"))


class Kind(Struct, frozen=True, kw_only=True):
    """What the GPUs here need."""

    branch: int
    open: bool
    conflict: str | None = None
    """Why no one driver serves all of them."""


def from_nvidia(facts: Facts, request: Request) -> bool:
    """Debian's own driver will not do: it does not know a GPU, or is what is here. NVIDIA's repository has others."""
    text = DEBIAN.get(machine.release(facts) or 0)
    own = DriverVersion.parse(text) if text is not None else None
    if own is None or facts.os is None or machine.family(facts) != "debian":
        return False
    if facts.driver is not None and facts.driver.version is not None:
        return True  # one that is here is to be replaced: Debian's own would be the same again
    found: list[ComputeCapability] = [
        one for gpu in (request.gpus.value if request.gpus is not None else ()) for one in gpu.capabilities
    ]
    return any(drivers.knows(own, one) is False or drivers.needs_open_module(one) for one in found)


def install(facts: Facts, request: Request, wanted: Kind, how: State, cache: str) -> list[PlanStep]:
    """The steps up to the installed packages; the last of them, where no package is planned, is for a person."""
    family, release = machine.family(facts), machine.release(facts)
    version = (facts.os.version_id or "") if facts.os is not None else ""
    why = {
        "missing": "no NVIDIA driver runs here, and without one torch computes on the CPU only",
        "old": "the driver here is too old for the build that was chosen",
    }.get(how, "asked for with --driver")
    if family == "ubuntu" and facts.os is not None and facts.os.id == "ubuntu":
        pinned = version in (_PINNED_UBUNTU if wanted.branch == BRANCH else _UBUNTU_WITH_470)
        if pinned:
            return _ubuntu(facts, wanted, why)
        if release is not None and (wanted.branch == BRANCH or release < 22):
            return _ubuntu_tool(facts, release, why, first=how == "missing")
    if family == "debian" and release in DEBIAN and wanted.branch == BRANCH:
        if not from_nvidia(facts, request):
            return _debian(facts, why)
        found = _debian_nvidia(facts, wanted, why, cache)
        if found:
            return found
    if family == "rhel" and release in (8, 9, 10) and wanted.branch == BRANCH and (wanted.open or release != 10):
        found = _rhel(facts, release, wanted, why, first=how == "missing")
        if found:
            return found
    words = install_driver.by_hand(facts) if wanted.open else None
    if who.reader(facts) == "ostree":
        words = (
            "This system's packages come as an image: rebase to its variant with NVIDIA's driver "
            f"({'open module' if wanted.open else f'branch {wanted.branch}, proprietary module'}), or use `rpm-ostree "
            "install`; then reboot."
        )
    text = words or (
        f"Install the NVIDIA driver of branch {wanted.branch} with your distribution's package manager, or choose it "
        "at https://www.nvidia.com/drivers."
    )
    reader = tell("driver-by-hand", "install the NVIDIA driver", text, why=why, done_when=RUNS, reboot=True)
    return [reader]


def _headers_deb(facts: Facts) -> tuple[str, ...]:
    kernel = facts.os.kernel if facts.os is not None else None
    if kernel and _KERNEL.match(kernel) and (facts.kernel is None or not facts.kernel.headers):
        return (f"linux-headers-{kernel}",)
    return ()


def _headers_debian(facts: Facts) -> str:
    """The package that follows Debian's kernels of the flavour that runs: cloud images have one of their own."""
    arch = "arm64" if facts.os is not None and facts.os.arch == "aarch64" else "amd64"
    kernel = (facts.os.kernel or "") if facts.os is not None else ""
    flavour = next((one for one in ("cloud-", "rt-") if kernel.endswith(f"-{one}{arch}")), "")
    return f"linux-headers-{flavour}{arch}"


def _ubuntu(facts: Facts, wanted: Kind, why: str) -> list[PlanStep]:
    suffix = "-open" if wanted.open else ""
    server = "-server" if wanted.branch >= BRANCH else ""
    packages = [*_headers_deb(facts), f"nvidia-driver-{wanted.branch}{server}{suffix}"]
    if server and facts.pci is not None and facts.pci.nvswitches:
        packages.append(f"nvidia-fabricmanager-{wanted.branch}")  # released together with -server
    done = dpkg_has(*packages)
    module = "with the open kernel module, which NVIDIA advises from Turing on" if wanted.open else (
        "with the proprietary kernel module, the only one for a GPU before Turing")  # fmt: skip
    text = f"{why}; branch {wanted.branch} {module}"
    return [
        apt_update("driver-lists", (), done, "so that apt knows the driver's newest package of its branch"),
        apt_install(
            "driver-install", f"install the NVIDIA driver {wanted.branch}", packages, text,
            needs=("driver-lists",), disk_mib=_DISK_MIB, reboot=True, source=NVIDIA_GUIDE,
        ),
    ]  # fmt: skip


def _ubuntu_tool(facts: Facts, release: int, why: str, *, first: bool) -> list[PlanStep]:
    # Where one is here already, that a module is there says nothing.
    module = Prints(argv=("modinfo", "-F", "version", "nvidia")) if first else None
    tool = ("ubuntu-drivers-common", *_headers_deb(facts))
    command = "autoinstall" if release < 20 else "install"  # the sub-command was renamed with 20.04
    return [
        apt_update("driver-lists", (), module, "so that apt knows the release's newest driver"),
        apt_install(
            "driver-tool", "install ubuntu-drivers", tool, "Ubuntu's own tool knows which driver this release has "
            "for the GPU", needs=("driver-lists",), done_when=dpkg_has(*tool),
        ),
        PlanStep(
            id="driver-install",
            title="install the driver that Ubuntu recommends",
            why=f"{why}; for this release no branch is pinned here",
            action=rooted(("ubuntu-drivers", command), "installs the driver that Ubuntu recommends for this GPU"),
            needs=("driver-tool",),
            network=("apt",),
            disk_mib=_DISK_MIB,
            disk_at="/usr",
            reboot=True,
            packages=True,
            done_when=module,
        ),
    ]  # fmt: skip


def _debian(facts: Facts, why: str) -> list[PlanStep]:
    packages = (_headers_debian(facts), "nvidia-driver", "firmware-misc-nonfree")
    enable = tell(
        "driver-components",
        "let apt see Debian's non-free components",
        "Add contrib, non-free and non-free-firmware to Debian's lines in /etc/apt/sources.list or "
        "/etc/apt/sources.list.d/debian.sources, then `apt-get update` as root.",
        why="Debian keeps NVIDIA's driver in a component that is off by default",
        done_when=Prints(argv=("apt-cache", "show", "nvidia-driver")),
    )
    return [
        enable,
        apt_update("driver-lists", ("driver-components",), dpkg_has(*packages), "so that apt knows the driver"),
        apt_install(
            "driver-install", "install Debian's NVIDIA driver", packages, why,
            needs=("driver-lists",), disk_mib=_DISK_MIB, reboot=True,
        ),
    ]  # fmt: skip


def _debian_nvidia(facts: Facts, wanted: Kind, why: str, cache: str) -> list[PlanStep]:
    package = "nvidia-open" if wanted.open else f"cuda-drivers-{BRANCH}"
    done = dpkg_has(package)
    found = repository.keyring_steps(facts, cache, done, prefix="driver")
    if found is None:
        return []
    return [
        *found,
        apt_install(
            "driver-install", "install NVIDIA's driver from its repository", (*_headers_deb(facts), package),
            f"{why}; Debian's own does not know this GPU", needs=(found[-1].id,), disk_mib=_DISK_MIB, reboot=True,
            source=NVIDIA_GUIDE,
        ),
    ]  # fmt: skip


def _rhel(facts: Facts, release: int, wanted: Kind, why: str, *, first: bool) -> list[PlanStep]:
    # `580-open` is in NVIDIA's guide; `580-dkms` with cuda-drivers for GPUs before Turing is from memory.
    package = "nvidia-open" if wanted.open else "cuda-drivers"
    stream = f"nvidia-driver:{BRANCH}-{'open' if wanted.open else 'dkms'}"
    kernel = facts.os.kernel if facts.os is not None and facts.os.kernel else None
    found = repository.rpm_steps(facts, prefix="driver")
    if found is None:
        return []
    found.append(
        tell(
            "driver-epel",
            "let dnf see EPEL",
            "Install EPEL's release package: `dnf install epel-release` (RHEL itself: the command on EPEL's own page).",
            why="dkms, which builds the kernel module, comes from EPEL",
            done_when=rpm_has("epel-release"),
        )
    )
    needs = found[-1].id
    if kernel and _KERNEL.match(kernel) and (facts.kernel is None or not facts.kernel.headers):
        found.append(_dnf("driver-headers", "install the kernel's headers", f"kernel-devel-{kernel}",
                          "the kernel module is built with them", needs))  # fmt: skip
        needs = found[-1].id
    if release < 10:
        # switch-to also brings what is installed to the stream; enabling alone leaves it.
        verb = "enable" if first else "switch-to"
        action = rooted(("dnf", "module", verb, "-y", stream), f"keeps the driver at branch {BRANCH}")
        found.append(
            PlanStep(
                id="driver-stream", title=f"choose the driver's stream {stream}", why=f"keeps it at branch {BRANCH}",
                action=action, needs=(needs,), done_when=rpm_has(package) if first else None, source=NVIDIA_GUIDE,
                undo=(rooted(("dnf", "module", "reset", "-y", "nvidia-driver"), "gives the stream up"),),
            )
        )  # fmt: skip
        needs = found[-1].id
    found.append(_dnf("driver-install", "install the NVIDIA driver", package, why, needs))
    return found


def _dnf(step: str, title: str, package: str, why: str, needs: str) -> PlanStep:
    return PlanStep(
        id=step, title=title, why=why, action=rooted(("dnf", "install", "-y", package), why), needs=(needs,),
        network=(repository.HOST,), disk_mib=_DISK_MIB, disk_at="/usr", packages=True, reboot=step == "driver-install",
        done_when=rpm_has(package), source=NVIDIA_GUIDE,
    )  # fmt: skip
