"""The driver: whether one must be installed, which branch and kernel module, and how this distribution gets it."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from cudadoctor.compat import drivers
from cudadoctor.facts.base import Facts
from cudadoctor.recommend.model import Request
from cudadoctor.remedies import install_driver, machine
from cudadoctor.remedies.install import repository
from cudadoctor.remedies.install.parts import (
    NVIDIA_GUIDE,
    Part,
    apt_install,
    apt_update,
    dpkg_has,
    for_administrator,
    rooted,
    rpm_has,
    tell,
)
from cudadoctor.remedies.plan import Condition, PlanStep, Prints
from cudadoctor.remedies.steps import Run
from cudadoctor.versions import ComputeCapability, DriverVersion

BRANCH = 580
"""The branch that is pinned: LTS until 2028-06 (compat.drivers.lifecycle), serves CUDA 13 and still Maxwell to Volta."""
_KEPLER = 470
_PINNED_UBUNTU = ("22.04", "24.04", "26.04")
"""Releases whose updates have nvidia-driver-580-server and -580-server-open (Ubuntu's package index, 2026-11-30)."""
_UBUNTU_WITH_470 = ("20.04", "22.04", "24.04")
"""From memory; 24.04 still has it."""
_DEBIAN = {12: "535.247.01", 13: "550.163.01"}
"""The driver of each Debian's non-free component: 535 and 550.163 were seen in its archive (November 2026)."""
_DISK_MIB = 1500
"""Driver with its kernel sources built; an estimate."""
State = Literal["fine", "missing", "broken", "old", "asked", "no-gpu", "unknown"]
_RUNS = Prints(argv=("nvidia-smi", "-L"))


class Kind(Struct, frozen=True, kw_only=True):
    """What the GPUs here need."""

    branch: int
    open: bool
    conflict: str | None = None
    """Why no one driver serves all of them."""


def state(facts: Facts, request: Request, *, newer: bool, asked: bool | None, cuda: bool) -> State:
    """How the machine stands with regard to a driver for the build that was chosen."""
    if request.gpus is not None and not request.gpus.value:
        return "no-gpu"
    if request.gpus is None:
        return "unknown"
    if asked:
        return "asked"
    if not cuda:
        return "fine"  # a CPU build needs none
    running = facts.driver is not None and (facts.driver.version is not None or facts.driver.cuda_version is not None)
    if newer:
        return "old"
    if running:
        return "fine"
    installed = facts.driver is not None and (facts.driver.installed or facts.driver.loaded)
    return "broken" if installed else "missing"


def kind(request: Request) -> Kind:
    """Branch and kernel module for every GPU of the request."""
    gpus = request.gpus.value if request.gpus is not None else ()
    capabilities = [(gpu, one) for gpu in gpus for one in gpu.capabilities]
    last = min((end for _, one in capabilities if (end := drivers.last_driver_for(one)) is not None), default=None)
    needs_open = [gpu for gpu, one in capabilities if drivers.needs_open_module(one, gpu.name)]
    no_open = [gpu for gpu, one in capabilities if not drivers.open_module_possible(one)]
    conflict = None
    if needs_open and no_open:
        conflict = f"{needs_open[0]} needs the open kernel modules, and {no_open[0]} cannot use them"
    branch = min(BRANCH, last) if last is not None else BRANCH
    firsts = [first for _, one in capabilities if (first := drivers.first_driver_for(one)) is not None]
    if conflict is None and any(first.branch > branch for first in firsts):
        conflict = f"no one driver serves all GPUs here: one is served to branch {branch}, another only by newer ones"
    return Kind(branch=branch, open=bool(capabilities) and not no_open and branch >= BRANCH, conflict=conflict)


def to_be(facts: Facts, request: Request) -> DriverVersion | None:
    """The driver that the machine would get, as far as that limits the build: Debian's own are older than 580."""
    if machine.family(facts) != "debian" or _from_nvidia(facts, request):
        return None
    text = _DEBIAN.get(machine.release(facts) or 0)
    return DriverVersion.parse(text) if text is not None else None


def _from_nvidia(facts: Facts, request: Request) -> bool:
    """Debian's own driver does not know one of the GPUs: NVIDIA's repository has one that does."""
    text = _DEBIAN.get(machine.release(facts) or 0)
    own = DriverVersion.parse(text) if text is not None else None
    if own is None or facts.os is None or machine.family(facts) != "debian":
        return False
    found: list[ComputeCapability] = [
        one for gpu in (request.gpus.value if request.gpus is not None else ()) for one in gpu.capabilities
    ]
    return any(drivers.knows(own, one) is False or drivers.needs_open_module(one) for one in found)


def steps(facts: Facts, request: Request, how: State, ground_cache: str) -> Part:
    """The steps for a driver; none where none is needed."""
    part = Part()
    if how == "broken":
        part.notes.append(
            "a driver is installed here and does not run: `cudadoctor check` says why, and --driver installs it anew"
        )
    if how not in ("missing", "old", "asked"):
        return part
    there = install_driver.elsewhere(facts)
    if there is not None:
        text = " ".join(one.text for one in there.steps if hasattr(one, "text"))
        part.steps.append(tell("driver-elsewhere", there.summary, text, why=there.summary,
                               done_when=_RUNS if how == "missing" else None))  # fmt: skip
        return part
    wanted = kind(request)
    if wanted.conflict is not None:
        text = f"{wanted.conflict}. Take one of them out, or leave it without a driver."
        part.steps.append(tell("driver-choose", "choose which GPU is to work", text))
        return part
    part.steps += _install(facts, request, wanted, how, ground_cache)
    if not part.steps or part.steps[-1].manual:
        return _finished(part, facts, wanted)
    done = _running(wanted, how, part)
    part.steps += _secure_boot(facts, part.last, done)
    part.steps.append(_reboot(part.last, done))
    part = for_administrator(part, facts, "driver-ask", "ask for the driver")
    if how != "missing":
        part.steps = [
            replace(one, lasting="the driver that was there before is replaced, and not put back")
            if one.id == "driver-install"
            else one
            for one in part.steps
        ]
    return _finished(part, facts, wanted)


def _finished(part: Part, facts: Facts, wanted: Kind) -> Part:
    if wanted.branch == BRANCH and not wanted.open:
        part.notes.append(f"driver branch {BRANCH} is the last for this GPU: do not let it be upgraded beyond")
    if facts.driver is not None and "nouveau" in facts.driver.other_modules:
        part.notes.append("nouveau holds the GPU until the reboot: the driver's packages keep it away after that")
    return part


def _install(facts: Facts, request: Request, wanted: Kind, how: State, cache: str) -> list[PlanStep]:
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
            return _ubuntu_tool(facts, release, why)
    if family == "debian" and release in _DEBIAN and wanted.branch == BRANCH:
        if _from_nvidia(facts, request):
            return _debian_nvidia(facts, wanted, why, cache)
        return _debian(facts, why)
    if family == "rhel" and release in (8, 9, 10) and wanted.branch == BRANCH and (wanted.open or release != 10):
        return _rhel(facts, release, wanted, why)
    words = install_driver.by_hand(facts) if wanted.open else None
    text = words or (
        f"Install the NVIDIA driver of branch {wanted.branch} with your distribution's package manager, or choose it "
        "at https://www.nvidia.com/drivers."
    )
    reader = tell("driver-by-hand", "install the NVIDIA driver", text, why=why, done_when=_RUNS, reboot=True)
    return [reader]


def _headers_deb(facts: Facts) -> tuple[str, ...]:
    kernel = facts.os.kernel if facts.os is not None else None
    if kernel and (facts.kernel is None or not facts.kernel.headers):
        return (f"linux-headers-{kernel}",)
    return ()


def _ubuntu(facts: Facts, wanted: Kind, why: str) -> list[PlanStep]:
    suffix = "-open" if wanted.open else ""
    server = "-server" if wanted.branch >= BRANCH else ""
    packages = (*_headers_deb(facts), f"nvidia-driver-{wanted.branch}{server}{suffix}")
    done = dpkg_has(*packages)
    module = "with the open kernel module, which NVIDIA advises from Turing on" if wanted.open else (
        "with the proprietary kernel module, the only one for a GPU before Turing")  # fmt: skip
    text = f"{why}; branch {wanted.branch} {module}"
    return [
        apt_update("driver-lists", (), "so that apt knows the driver's newest package of its branch"),
        apt_install(
            "driver-install", f"install the NVIDIA driver {wanted.branch}", packages, text,
            needs=("driver-lists",), disk_mib=_DISK_MIB, reboot=True, source=NVIDIA_GUIDE,
        ),
    ]  # fmt: skip


def _ubuntu_tool(facts: Facts, release: int, why: str) -> list[PlanStep]:
    module = Prints(argv=("modinfo", "-F", "version", "nvidia"))
    tool = ("ubuntu-drivers-common", *_headers_deb(facts))
    command = "autoinstall" if release < 20 else "install"  # the sub-command was renamed with 20.04
    return [
        apt_update("driver-lists", (), "so that apt knows the release's newest driver"),
        apt_install(
            "driver-tool", "install ubuntu-drivers", tool, "Ubuntu's own tool knows which driver this release has "
            "for the GPU", needs=("driver-lists",), done_when=module,
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
    arm = facts.os is not None and facts.os.arch == "aarch64"
    packages = ("linux-headers-arm64" if arm else "linux-headers-amd64", "nvidia-driver", "firmware-misc-nonfree")
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
        apt_update("driver-lists", ("driver-components",), "so that apt knows the driver"),
        apt_install(
            "driver-install", "install Debian's NVIDIA driver", packages, why,
            needs=("driver-lists",), disk_mib=_DISK_MIB, reboot=True,
        ),
    ]  # fmt: skip


def _debian_nvidia(facts: Facts, wanted: Kind, why: str, cache: str) -> list[PlanStep]:
    package = "nvidia-open" if wanted.open else f"cuda-drivers-{BRANCH}"
    done = dpkg_has(package)
    found = repository.keyring_steps(facts, cache, prefix="driver")
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


def _rhel(facts: Facts, release: int, wanted: Kind, why: str) -> list[PlanStep]:
    # `580-open` is in NVIDIA's guide; `580-dkms` with cuda-drivers for GPUs before Turing is from memory.
    package = "nvidia-open" if wanted.open else "cuda-drivers"
    stream = f"nvidia-driver:{BRANCH}-{'open' if wanted.open else 'dkms'}"
    kernel = facts.os.kernel if facts.os is not None and facts.os.kernel else None
    found = [*repository.rpm_steps(facts, prefix="driver")]
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
    if kernel and (facts.kernel is None or not facts.kernel.headers):
        found.append(_dnf("driver-headers", "install the kernel's headers", (f"kernel-devel-{kernel}",),
                          "the kernel module is built with them", (needs,), 300))  # fmt: skip
        needs = found[-1].id
    if release < 10:
        action = rooted(("dnf", "module", "enable", "-y", stream), f"keeps the driver at branch {BRANCH}")
        found.append(
            PlanStep(
                id="driver-stream", title=f"choose the driver's stream {stream}", why=f"keeps it at branch {BRANCH}",
                action=action, needs=(needs,), done_when=rpm_has(package), source=NVIDIA_GUIDE,
                undo=(rooted(("dnf", "module", "reset", "-y", "nvidia-driver"), "gives the stream up"),),
            )
        )  # fmt: skip
        needs = found[-1].id
    found.append(_dnf("driver-install", "install the NVIDIA driver", (package,), why, (needs,), _DISK_MIB, reboot=True))
    return found


def _dnf(
    step: str, title: str, packages: tuple[str, ...], why: str, needs: tuple[str, ...], disk: int, *, reboot: bool = False
) -> PlanStep:
    return PlanStep(
        id=step, title=title, why=why, action=rooted(("dnf", "install", "-y", *packages), why), needs=needs,
        network=("developer.download.nvidia.com",), disk_mib=disk, disk_at="/usr", packages=True, reboot=reboot,
        done_when=rpm_has(*packages), source=NVIDIA_GUIDE,
    )  # fmt: skip


_KEYS = {"ubuntu": "/var/lib/shim-signed/mok/MOK.der", "debian": "/var/lib/dkms/mok.pub", "rhel": "/var/lib/dkms/mok.pub"}


def _secure_boot(facts: Facts, needs: tuple[str, ...], done: Condition | None) -> list[PlanStep]:
    if facts.os is None or not facts.os.secure_boot:
        return []
    key = _KEYS.get(machine.family(facts), "the key that signs the module")
    signed = (
        " Without access to that screen: install the package linux-modules-nvidia of the same branch for this kernel, "
        "which Ubuntu has signed, or switch Secure Boot off in the firmware."
        if machine.family(facts) == "ubuntu"
        else " Without access to that screen: switch Secure Boot off in the firmware."
    )
    text = (
        f"As root: `mokutil --import {key}` asks for a password and queues the key. At the next start choose Enroll "
        f"MOK, Continue, Yes on the blue screen, and give that password; the screen appears once.{signed}"
    )
    return [
        tell(
            "driver-secure-boot",
            "enrol the key of the kernel module",
            text,
            why="Secure Boot is on: the kernel loads no module whose key it does not know",
            needs=needs,
            done_when=done,
        )
    ]


def _reboot(needs: tuple[str, ...], done: Condition | None) -> PlanStep:
    return tell(
        "driver-reboot",
        "reboot",
        "Reboot the machine.",
        why="the new kernel module is loaded at the start",
        needs=needs,
        reboot=True,
        done_when=done,
    )


def _running(wanted: Kind, how: State, part: Part) -> Condition | None:
    """How to see that the new driver runs: where one ran before, by its branch."""
    if how == "missing":
        return _RUNS
    pinned = any(f"-{wanted.branch}" in word for one in part.steps if isinstance(one.action, Run) for word in
                 one.action.argv)  # fmt: skip
    path = "/sys/module/nvidia/version"
    return Prints(argv=("grep", "-q", f"^{wanted.branch}[.]", path)) if pinned else None
