"""The steps from a chosen way to installed packages, for each package manager."""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from cudadoctor.compat.distributions import Release
from cudadoctor.facts.base import Facts
from cudadoctor.remedies import machine
from cudadoctor.remedies.driver import headers, repository
from cudadoctor.remedies.driver.choice import Choice, release_of
from cudadoctor.remedies.driver.need import Need
from cudadoctor.remedies.plan import Condition, PlanStep, Prints, Run, WriteFile
from cudadoctor.remedies.step_parts import apt_install, apt_update, dpkg_has, rooted, rpm_has, tell

RUNS = Prints(argv=("nvidia-smi", "-L"))
_DISK_MIB = 1500
"""Driver with its kernel sources built; an estimate."""
_FLAVOURS = ("generic", "lowlatency", "aws", "azure", "gcp", "oracle", "ibm", "nvidia")
"""Kernels that Ubuntu signs NVIDIA's module for (its package index, read 2026-12-01)."""
_UBUNTU_KERNEL = re.compile(r"(\d+\.\d+)\.\d+-\d+-([a-z]+)\Z")
_UBUNTU_DRIVER = re.compile(r"nvidia-driver-(\d+(?:-server)?(?:-open)?)\Z")
_ARCH_KERNELS = {"lts": "linux-lts-headers", "zen": "linux-zen-headers", "hardened": "linux-hardened-headers"}
_FUSION = "https://mirrors.rpmfusion.org/{0}/fedora/rpmfusion-{0}-release-{1}.noarch.rpm"
_ZYPPER = ("zypper", "--non-interactive")


class Work(Struct, frozen=True, kw_only=True):
    """What the steps are made from."""

    choice: Choice
    facts: Facts
    need: Need
    why: str
    cache: str
    """Where downloads are kept."""


def steps(work: Work, *, again: bool = False) -> list[PlanStep]:
    """The steps of that way, `driver-install` the last of those that install; empty where its repository is missing.

    `again`: the packages are installed over what is there, since files of theirs were replaced.
    """
    way = work.choice.way
    if way.by == "hand":
        text = way.text or ""
        return [tell("driver-by-hand", "install the NVIDIA driver", text, why=work.why, done_when=RUNS, reboot=True)]
    make = {
        "apt": _apt, "ubuntu-drivers": _ubuntu_drivers, "dnf": _dnf, "yum": _dnf, "zypper": _zypper, "pacman": _pacman,
    }[way.by]  # fmt: skip
    found = make(work)
    if again:
        found = [_again(one) if one.id == "driver-install" else one for one in found]
    return [*found, *_subnet_manager(work.need, found)]


def prebuilt(choice: Choice, facts: Facts) -> str | None:
    """The distribution's package with the module that it has signed, where Secure Boot asks for one."""
    if facts.os is None or not facts.os.secure_boot:
        return None
    pattern = choice.way.open_module if choice.module == "open" else choice.way.proprietary_module
    flavour = _flavour(facts, choice.release)
    return pattern.replace("{flavour}", flavour) if pattern is not None and flavour is not None else None


def signed_module(facts: Facts) -> tuple[str, str] | None:
    """The package with the signed module for Ubuntu's driver that is installed, and the one that builds it here."""
    release = release_of(facts)
    flavour = _flavour(facts, release) if release is not None and release.family == "ubuntu" else None
    names = [one.name for one in (facts.distro.packages if facts.distro is not None else None) or ()]
    match = next((found for name in names if (found := _UBUNTU_DRIVER.match(name))), None)
    if match is None or flavour is None:
        return None
    return f"linux-modules-nvidia-{match[1]}-{flavour}", f"nvidia-dkms-{match[1]}"


def _flavour(facts: Facts, release: Release) -> str | None:
    """How Ubuntu names the running kernel's kind in packages: `generic`, `aws`, `generic-hwe-24.04`."""
    match = _UBUNTU_KERNEL.match((facts.os.kernel or "") if facts.os is not None else "")
    if match is None or match[2] not in _FLAVOURS:
        return None
    if release.kernel is None or match[1] == release.kernel or match[2] not in ("generic", "lowlatency"):
        return match[2]
    number = (release.repository or "").removeprefix("ubuntu")
    return f"{match[2]}-hwe-{number[:2]}.{number[2:]}"


def _apt(work: Work) -> list[PlanStep]:
    choice, facts, need, why = work.choice, work.facts, work.need, work.why
    way = choice.way
    names = way.open if choice.module == "open" else way.proprietary
    signed = prebuilt(choice, facts)
    module = (signed,) if signed is not None else _headers(choice, facts)
    packages = [headers.filled(one, facts) for one in (*module, *names, *_beside(choice, need))]
    before: list[PlanStep] = []
    if way.components:
        before.append(
            tell(
                "driver-components", "let apt see Debian's non-free components",
                "Add contrib, non-free and non-free-firmware to Debian's lines in /etc/apt/sources.list or "
                "/etc/apt/sources.list.d/debian.sources, then run `apt-get update` as root.",
                why="Debian keeps NVIDIA's driver in a component that is off by default",
                done_when=Prints(argv=("apt-cache", "show", "nvidia-driver")),
            )
        )  # fmt: skip
    done = dpkg_has(*packages)
    if way.repository == "nvidia":
        found = repository.keyring_steps(facts, work.cache, done, prefix="driver")
        if found is None:
            return []
        before += found
    else:
        needs = tuple(one.id for one in before)
        before.append(apt_update("driver-lists", needs, done, "so that apt knows the newest package of the driver"))
    if way.before:
        text = f"keeps the driver at branch {_branch(choice)}, so that an upgrade does not replace it"
        before.append(
            apt_install(
                "driver-branch", f"hold driver branch {_branch(choice)}", way.before, text, needs=(before[-1].id,),
                source=choice.release.source_of(way),
            )
        )  # fmt: skip
    return [
        *before,
        apt_install(
            "driver-install", _title(choice), packages, _reason(choice, why), needs=(before[-1].id,),
            disk_mib=_DISK_MIB, reboot=True, source=choice.release.source_of(way),
        ),
    ]  # fmt: skip


def _ubuntu_drivers(work: Work) -> list[PlanStep]:
    """Ubuntu's tool. Where a driver is here already, that a module is there says nothing."""
    choice, facts, why = work.choice, work.facts, work.why
    here = facts.driver is not None and (
        facts.driver.installed or facts.driver.loaded or facts.driver.version is not None
    )
    module: Condition | None = None if here else Prints(argv=("modinfo", "-F", "version", "nvidia"))
    tool = ("ubuntu-drivers-common", *_headers(choice, facts))
    action = rooted(("ubuntu-drivers", choice.way.command or "install"), "installs the driver for this GPU")
    return [
        apt_update("driver-lists", (), module, "so that apt knows the release's newest driver"),
        apt_install(
            "driver-tool", "install ubuntu-drivers", tool, "Ubuntu's tool that picks the driver for the GPU",
            needs=("driver-lists",),
        ),
        PlanStep(
            id="driver-install", title="install the driver that Ubuntu recommends", why=why, action=action,
            needs=("driver-tool",), network=("apt",), disk_mib=_DISK_MIB, disk_at="/usr", reboot=True, packages=True,
            done_when=module, source=choice.release.source_of(choice.way),
        ),
    ]  # fmt: skip


def _dnf(work: Work) -> list[PlanStep]:
    choice, facts, need, why = work.choice, work.facts, work.need, work.why
    way, release = choice.way, choice.release
    tool = release.manager
    names = [*(way.open if choice.module == "open" else way.proprietary), *_beside(choice, need)]
    found: list[PlanStep] = []
    if way.repository == "rpmfusion":
        version = str(machine.release(facts) or "")
        urls = tuple(_FUSION.format(kind, version) for kind in ("free", "nonfree"))
        text = "NVIDIA's driver is packaged for Fedora in RPM Fusion's nonfree repository, which needs the free one"
        found.append(
            PlanStep(
                id="driver-repo", title="add RPM Fusion's repositories", why=text,
                action=rooted((tool, "install", "-y", *urls), text), network=("mirrors.rpmfusion.org",), packages=True,
                done_when=rpm_has("rpmfusion-free-release", "rpmfusion-nonfree-release"),
                source=release.source_of(way),
            )
        )  # fmt: skip
    else:
        added = repository.rpm_steps(facts, prefix="driver")
        if added is None:
            return []
        found += added
        if release.epel is not None:
            found.append(_epel(choice, found[-1].id))
    kernel = _headers(choice, facts)
    if kernel:
        text = "the kernel module is built with the headers of the running kernel"
        found.append(
            _install(work, "driver-headers", "install the kernel's headers", kernel, why=text, needs=found[-1].id)
        )
    stream = way.stream_open if choice.module == "open" else way.stream_proprietary
    if stream is not None:
        found.append(_stream(choice, stream, names[0], facts, found[-1].id))
    if way.lock is not None and way.lock_tool is not None:
        text = f"holds the driver at branch {_branch(choice)}"
        found.append(
            _install(
                work, "driver-lock-tool", "install dnf's versionlock", (way.lock_tool,), why=text, needs=found[-1].id
            )
        )
        found.append(
            PlanStep(
                id="driver-lock", title=f"hold driver branch {_branch(choice)}", why=text,
                action=rooted((tool, "versionlock", "add", way.lock), text), needs=(found[-1].id,),
                network=(repository.HOST,), done_when=rpm_has(*names), source=release.source_of(way),
                undo=(rooted((tool, "versionlock", "delete", way.lock), "lets the driver be upgraded again"),),
            )
        )  # fmt: skip
    found.append(_install(work, "driver-install", _title(choice), names, why=_reason(choice, why), needs=found[-1].id))
    if way.module == "akmods":
        found += _akmods(work)
    return found


def _akmods(work: Work) -> list[PlanStep]:
    """The module is built now, with the key that Secure Boot will ask for, and not at the next start without one."""
    choice, facts = work.choice, work.facts
    found: list[PlanStep] = []
    needs = "driver-install"
    if facts.os is not None and facts.os.secure_boot:
        key = choice.release.signing_key or ""
        tools = ("akmods", "mokutil", "openssl")
        text = "they make and enrol the key"
        found.append(_install(work, "driver-key-tools", "install the signing tools", tools, why=text, needs=needs))
        text = "akmods signs the module with a key of this machine"
        found.append(
            PlanStep(
                id="driver-key", title="make the signing key", why=text, action=rooted(("kmodgenca", "-a"), text),
                needs=("driver-key-tools",), done_when=Prints(argv=("test", "-e", key)), lasting="the key stays",
                source=choice.release.sources.get("key"),
            )
        )  # fmt: skip
        needs = "driver-key"
    text = "so that the module for the running kernel is there at the next start"
    found.append(
        PlanStep(
            id="driver-build", title="build the kernel module", why=text, action=rooted(("akmods", "--force"), text),
            needs=(needs,), done_when=Prints(argv=("modinfo", "-F", "version", "nvidia")),
            lasting="the module goes with its package", source=choice.release.source_of(choice.way),
        )
    )  # fmt: skip
    return found


def _zypper(work: Work) -> list[PlanStep]:
    choice, why = work.choice, work.why
    way = choice.way
    names = way.open if choice.module == "open" else way.proprietary
    source = choice.release.source_of(way)
    adds = way.repository_package or ""
    text = "NVIDIA's graphics repository for this release, with its key, as a package of the distribution"
    read = "reads the lists of all repositories, and takes the new one's key"
    return [
        PlanStep(
            id="driver-repo", title="add NVIDIA's graphics repository", why=text,
            action=rooted((*_ZYPPER, "install", adds), text), network=("zypper",), packages=True,
            done_when=rpm_has(adds), source=source,
        ),
        PlanStep(
            id="driver-lists", title="read the repositories", why=read,
            action=rooted((*_ZYPPER, "--gpg-auto-import-keys", "refresh"), read), needs=("driver-repo",),
            network=("zypper", "download.nvidia.com"), done_when=rpm_has(*names), lasting="zypper's lists stay as read",
        ),
        PlanStep(
            id="driver-install", title=_title(choice), why=_reason(choice, why),
            action=rooted(
                (*_ZYPPER, "install", "--auto-agree-with-licenses", *names), "the driver; NVIDIA's licence is agreed to"
            ),
            needs=("driver-lists",), network=("zypper", "download.nvidia.com"), disk_mib=_DISK_MIB, disk_at="/usr",
            packages=True, reboot=True, done_when=rpm_has(*names), source=source,
        ),
    ]  # fmt: skip


def _pacman(work: Work) -> list[PlanStep]:
    """Arch builds the module for its kernel `linux`; the others need DKMS. Arch supports no upgrade of a part only."""
    choice, facts, why = work.choice, work.facts, work.why
    kernel = (facts.os.kernel or "") if facts.os is not None else ""
    flavour = next((one for one in _ARCH_KERNELS if kernel.endswith(f"-{one}")), None)
    module = ("nvidia-open",) if flavour is None else ("nvidia-open-dkms", _ARCH_KERNELS[flavour])
    names = (*module, *choice.way.open)
    back = tuple(one for one in names if not one.endswith("-headers"))
    done = Prints(argv=("pacman", "-Q", *names))
    return [
        PlanStep(
            id="driver-install", title=_title(choice),
            why=f"{_reason(choice, why)}; Arch upgrades all packages with it",
            action=rooted(("pacman", "-Syu", "--noconfirm", "--needed", *names), "the driver"), network=("pacman",),
            disk_mib=_DISK_MIB, disk_at="/usr", reboot=True, done_when=done,
            undo=(rooted(("pacman", "-Rns", "--noconfirm", *back), "takes the driver out"),),
            lasting="the system stays upgraded", source=choice.release.source_of(choice.way),
        ),
    ]  # fmt: skip


def _install(work: Work, step: str, title: str, packages: Sequence[str], *, why: str, needs: str) -> PlanStep:
    choice = work.choice
    driver = step == "driver-install"
    host = repository.HOST if choice.way.repository == "nvidia" else "mirrors.rpmfusion.org"
    tool = choice.release.manager
    return PlanStep(
        id=step, title=title, why=why, action=rooted((tool, "install", "-y", *packages), why), needs=(needs,),
        network=(tool, host) if driver else (tool,), disk_mib=_DISK_MIB if driver else 100, disk_at="/usr",
        packages=True, reboot=driver, done_when=rpm_has(*packages), source=choice.release.source_of(choice.way),
    )  # fmt: skip


def _epel(choice: Choice, needs: str) -> PlanStep:
    package = choice.release.epel or ""
    remote = package.startswith("https://")
    text = "dkms, which builds the kernel module, comes from EPEL"
    return PlanStep(
        id="driver-epel", title="add EPEL", why=text,
        action=rooted((choice.release.manager, "install", "-y", package), text), needs=(needs,),
        network=(package.split("/")[2],) if remote else (choice.release.manager,), packages=True,
        done_when=rpm_has("epel-release" if remote else package),
    )  # fmt: skip


def _stream(choice: Choice, stream: str, package: str, facts: Facts, needs: str) -> PlanStep:
    """Enabling a stream leaves what is installed as it is; switching brings it to the stream."""
    here = facts.driver is not None and bool(facts.driver.installed or facts.driver.version is not None)
    verb = "switch-to" if here else "enable"
    text = f"holds the driver at branch {_branch(choice)}"
    return PlanStep(
        id="driver-stream", title=f"choose the driver's stream {stream}", why=text,
        action=rooted((choice.release.manager, "module", verb, "-y", stream), text), needs=(needs,),
        network=(repository.HOST,), done_when=None if here else rpm_has(package),
        source=choice.release.source_of(choice.way),
        undo=(rooted((choice.release.manager, "module", "reset", "-y", "nvidia-driver"), "gives the stream up"),),
    )  # fmt: skip


def _subnet_manager(need: Need, found: list[PlanStep]) -> list[PlanStep]:
    """NVSwitches of the fourth generation are reached through InfiniBand's management device."""
    if not need.nvlink5 or not found:
        return []
    text = "the NVLink subnet manager reaches the NVSwitches through it"
    action = WriteFile(
        path="/etc/modules-load.d/ib_umad.conf", text="ib_umad\n", why=text, safety="system", needs_root=True
    )
    return [
        PlanStep(id="driver-umad", title="load ib_umad at each start", why=text, action=action, needs=(found[-1].id,))
    ]


def _again(step: PlanStep) -> PlanStep:
    """The same packages installed once more."""
    action = step.action
    if not isinstance(action, Run):
        return step
    words = {"apt-get": ("install", "--reinstall"), "dnf": ("reinstall",), "yum": ("reinstall",)}
    tool = next((one for one in words if one in action.argv), None)
    if tool is None or "install" not in action.argv:
        return replace(step, done_when=None)
    at = action.argv.index("install")
    argv = (*action.argv[:at], *words[tool], *action.argv[at + 1 :])
    return replace(step, action=replace(action, argv=argv), done_when=None)


def _headers(choice: Choice, facts: Facts) -> tuple[str, ...]:
    """The packages with the running kernel's headers, where the module is built here and they are missing."""
    if choice.way.module not in ("dkms", "akmods", "prebuilt"):
        return ()
    there = facts.kernel is not None and facts.kernel.headers
    return () if there and not choice.release.headers_follow else headers.packages(facts)


def _beside(choice: Choice, need: Need) -> tuple[str, ...]:
    """The fabric manager and what it needs, on a board with NVSwitches."""
    return (*(choice.way.fabric if need.fabric else ()), *(choice.way.nvlink5 if need.nvlink5 else ()))


def holds_branch(choice: Choice) -> bool:
    """The way brings this branch and no newer one: it is in the name of a package or stream, or locked."""
    way = choice.way
    stream = way.stream_open if choice.module == "open" else way.stream_proprietary
    names = (*(way.open if choice.module == "open" else way.proprietary), *way.before, stream or "", way.lock or "")
    return any(str(_branch(choice)) in one for one in names)


def _branch(choice: Choice) -> int | None:
    return choice.way.driver.branch if choice.way.driver is not None else None


def _title(choice: Choice) -> str:
    branch = _branch(choice) if holds_branch(choice) else None
    from_nvidia = " from NVIDIA's repository" if choice.way.repository == "nvidia" else ""
    return f"install the NVIDIA driver{f' {branch}' if branch is not None else ''}{from_nvidia}"


def _reason(choice: Choice, why: str) -> str:
    module = "with the open kernel module, which NVIDIA recommends from Turing on" if choice.module == "open" else (
        "with the proprietary kernel module")  # fmt: skip
    return f"{why}; {module}"
