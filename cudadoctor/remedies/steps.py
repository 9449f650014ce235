"""Makes the steps of cures: each knows its title, how to see that it is done, and how it is taken back.

A cure gives its steps no ids: `find.remedy_for` numbers them and puts them in order.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, TypedDict

from cudadoctor.facts.base import Facts
from cudadoctor.remedies import machine
from cudadoctor.remedies.driver.choice import release_of
from cudadoctor.remedies.plan import (
    QUIET,
    AllOf,
    Condition,
    Exists,
    Fetch,
    PlanStep,
    Prints,
    Run,
    Safety,
    Tell,
    WriteFile,
)
from cudadoctor.remedies.step_parts import APT, apt_install, apt_update, rpm_has

if TYPE_CHECKING:
    from typing_extensions import Unpack


class More(TypedDict, total=False):
    """What a step may say beside its action; each as in `PlanStep`."""

    needs: tuple[str, ...]
    network: tuple[str, ...]
    disk_mib: int
    disk_at: str | None
    reboot: bool
    done_when: Condition | None
    packages: bool
    makes: tuple[str, ...]
    touches: tuple[str, ...]
    undo: tuple[Run, ...]
    lasting: str | None
    beside_edits: bool


def run(argv: Sequence[str], why: str, title: str, *, root: bool = False, **more: Unpack[More]) -> PlanStep:
    """A program; without sudo where it is root's."""
    action = Run(argv=tuple(argv), why=why, safety="system" if root else "safe", needs_root=root)
    return PlanStep(id="", title=title, why=why, action=action, **more)


def advice(
    text: str, *, title: str = "", needs_root: bool = False, safety: Safety = "manual", **more: Unpack[More]
) -> PlanStep:
    """Something that only a person can do or decide."""
    action = Tell(text=text, needs_root=needs_root, safety=safety)
    return PlanStep(id="", title=title or _beginning(text), why="", action=action, **more)


def write(path: str, text: str, why: str, *, root: bool = False) -> PlanStep:
    """A file that holds this text alone."""
    action = WriteFile(path=path, text=text, why=why, safety="system" if root else "safe", needs_root=root)
    return PlanStep(id="", title=f"write {path}", why=why, action=action)


_RESTART = Tell(text="Reboot the machine.", needs_root=True)
REBOOT = PlanStep(id="", title="reboot", why="", action=_RESTART, reboot=True)


def is_reboot(step: PlanStep) -> bool:
    """Whether the step restarts the machine."""
    return isinstance(step.action, Tell) and step.action.text == _RESTART.text


def _beginning(text: str) -> str:
    """The first words of a text, as a title."""
    line = text.strip().splitlines()[0].rstrip(".:") if text.strip() else "See to it"
    if len(line) <= 60:
        return line
    words = line[:59].rsplit(" ", 1)[0]
    if words.count("`") % 2:
        words = words.rpartition("`")[0]
    words = words.rstrip(" ,:;(")
    return f"{words} …" if words else "Do what is shown"


# packages


def install_packages(facts: Facts, packages: Sequence[str], why: str, *, disk_mib: int = 500) -> PlanStep | None:
    """Packages of the distribution; None where its package manager is not one of those that are known here."""
    release = release_of(facts)
    by_family = {"ubuntu": "apt", "debian": "apt", "rhel": "dnf", "fedora": "dnf"}
    manager = release.manager if release is not None else by_family.get(machine.family(facts))
    title = f"install {' '.join(packages)}"
    if manager == "apt":
        return apt_install("", title, packages, why, disk_mib=disk_mib)
    if manager in ("dnf", "yum"):
        return run(
            (manager, "install", "-y", *packages), why, title, root=True, packages=True, network=(manager,),
            disk_mib=disk_mib, disk_at="/usr", done_when=rpm_has(*packages),
        )  # fmt: skip
    return None


def read_package_lists(why: str) -> PlanStep:
    """The lists of apt's sources, read again."""
    return apt_update("", (), None, why)


def remove_packages(patterns: Sequence[str], why: str) -> PlanStep:
    """Packages of apt, with their configuration."""
    lasting = "the packages stay removed: install them again where they are needed"
    return run((*APT, "remove", "-y", "--purge", *patterns), why, "remove packages", root=True, lasting=lasting)


def finish_packages(why: str) -> PlanStep:
    """What dpkg was interrupted in."""
    argv = (*QUIET, "dpkg", "--configure", "-a")
    return run(argv, why, "finish what dpkg left undone", root=True, lasting="packages stay configured")


def repair_dependencies(why: str) -> PlanStep:
    """What apt is missing; nothing is removed for it."""
    argv = (*APT, "-f", "install", "-y", "--no-remove")
    title = "bring the packages' dependencies in order"
    return run(argv, why, title, root=True, network=("apt",), packages=True)


def download(url: str, folder: str, why: str) -> PlanStep:
    """A small file for which no hash is published."""
    file = posixpath.basename(url)
    action = Fetch(url=url, path=posixpath.join(folder, file), digest=None, why=why, size_mib=1)
    return PlanStep(
        id="",
        title=f"download {file}",
        why=why,
        action=action,
        network=(url.split("/")[2],),
        disk_mib=1,
        disk_at=folder,
    )


def install_package_file(path: str, why: str) -> PlanStep:
    """A package of dpkg from a file: `folder/name_version_arch.deb`."""
    name, _, rest = posixpath.basename(path).partition("_")
    ask = ("dpkg-query", "-W", "-f=${db:Status-Status} ${Version}", name)
    done = Prints(argv=ask, text=f"installed {rest.partition('_')[0]}")
    return run(("dpkg", "-i", path), why, f"install the package {name}", root=True, done_when=done, packages=True)


def pip_install(python: str, packages: Sequence[str], why: str) -> PlanStep:
    """Packages into the environment of an interpreter."""
    return run((python, "-m", "pip", "install", *packages), why, f"install {' and '.join(packages[:3])}")


# the kernel's modules


def load_module(module: str, why: str, *, again: bool = False) -> PlanStep:
    """A kernel module. `again`: it was loaded, and unloaded by the step before."""
    done: Condition | None = Exists(path=f"/sys/module/{module}", what="directory")
    if module == "nvidia":
        done = Exists(path="/proc/driver/nvidia/version")
    if again:
        done = None  # it is loaded now, and that is what is wrong
    lasting = "the module stays loaded until the next start"
    return run(("modprobe", module), why, f"load the module {module}", root=True, done_when=done, lasting=lasting)


def unload_module(module: str, why: str) -> PlanStep:
    """A kernel module that nothing uses."""
    lasting = "the module is loaded again at its next use"
    return run(("modprobe", "-r", module), why, f"unload the module {module}", root=True, lasting=lasting)


def build_modules(kernel: str, why: str) -> PlanStep:
    """What DKMS knows, for one kernel."""
    return run(
        ("dkms", "autoinstall", "-k", kernel), why, "build the kernel module", root=True,
        done_when=Prints(argv=("modinfo", "-k", kernel, "-F", "version", "nvidia")),
        lasting="the module that was built stays on the disk",
    )  # fmt: skip


def make_device_nodes(why: str) -> PlanStep:
    """The nodes of the first GPU and of unified memory."""
    nodes = ("/dev/nvidiactl", "/dev/nvidia0", "/dev/nvidia-uvm")
    done = _all(Prints(argv=("test", "-c", node)) for node in nodes)
    lasting = "device nodes go at the next start"
    argv = ("nvidia-modprobe", "-c0", "-u")
    return run(argv, why, "make the device nodes", root=True, done_when=done, lasting=lasting)


def rebuild_initramfs(facts: Facts, why: str) -> PlanStep | None:
    """The early boot's files; None where the distribution's tool is not known."""
    release = release_of(facts)
    by_family = {
        "ubuntu": ("update-initramfs", "-u"),
        "debian": ("update-initramfs", "-u"),
        "rhel": ("dracut", "--force"),
        "fedora": ("dracut", "--force"),
    }
    argv = release.initramfs if release is not None else by_family.get(machine.family(facts))
    lasting = "after `undo`, rebuild the initramfs once more"
    return run(argv, why, "rebuild the initramfs", root=True, lasting=lasting) if argv else None


def enrol(key: str, why: str) -> PlanStep:
    """The key of signed modules; it asks for a password, so a person does it."""
    action = Run(argv=("mokutil", "--import", key), why=why, safety="manual", needs_root=True)
    return PlanStep(id="", title="enrol the key that signs the module", why=why, action=action)


# services and settings


def enable_service(*units: str, why: str, now: bool = True) -> PlanStep:
    """Services at each boot, and `now` too."""
    asked = [Prints(argv=("systemctl", "is-enabled", "--quiet", one)) for one in units]
    if now:
        asked += [Prints(argv=("systemctl", "is-active", "--quiet", one)) for one in units]
    flag = ("--now",) if now else ()
    undo = machine.as_root("systemctl", "disable", *flag, *units, why="as it was before")
    return run(
        ("systemctl", "enable", *flag, *units), why, f"start {' '.join(units)} at each boot", root=True,
        done_when=_all(asked), undo=(undo,),
    )  # fmt: skip


def disable_service(unit: str, why: str) -> PlanStep:
    """A service, now and at each boot."""
    undo = machine.as_root("systemctl", "enable", "--now", unit, why="as it was before")
    return run(("systemctl", "disable", "--now", unit), why, f"switch {unit} off", root=True, undo=(undo,))


def restart_service(unit: str, why: str) -> PlanStep:
    """A service, once."""
    lasting = f"{unit} was started anew"
    return run(("systemctl", "restart", unit), why, f"restart {unit}", root=True, lasting=lasting)


def _smi(gpu: str, *options: str, why: str, title: str, **more: Unpack[More]) -> PlanStep:
    return run(("nvidia-smi", "-i", gpu, *options), why, title, root=True, **more)


def _smi_prints(gpu: str, field: str, text: str) -> Prints:
    return Prints(argv=("nvidia-smi", "-i", gpu, "--format=csv,noheader", f"--query-gpu={field}"), text=text)


def reset_gpu(gpu: str, why: str) -> PlanStep:
    """One GPU."""
    lasting = "a reset cannot be taken back, and leaves nothing behind"
    return _smi(gpu, "--gpu-reset", why=why, title=f"reset GPU {gpu}", lasting=lasting)


def set_default_compute_mode(gpu: str, why: str) -> PlanStep:
    """Several processes may share the GPU."""
    return _smi(
        gpu, "-c", "0", why=why, title=f"set GPU {gpu} to the default compute mode",
        done_when=_smi_prints(gpu, "compute_mode", "Default"),
        lasting="the compute mode that was set before is not known: `nvidia-smi -c` sets one",
    )  # fmt: skip


def switch_mig_off(gpu: str, why: str) -> PlanStep:
    """CUDA has the whole GPU again."""
    undo = machine.as_root("nvidia-smi", "-i", gpu, "-mig", "1", why="switches MIG on again")
    done = _smi_prints(gpu, "mig.mode.current", "Disabled")
    return _smi(gpu, "-mig", "0", why=why, title=f"switch MIG off on GPU {gpu}", done_when=done, undo=(undo,))


def reset_clocks(gpu: str, option: str, why: str) -> PlanStep:
    """`option`: -rac for application clocks, -rgc for locked ones."""
    lasting = "limits that were set are not known"
    return _smi(gpu, option, why=why, title=f"put the clocks of GPU {gpu} back", lasting=lasting)


def choose_gpu(mode: str, why: str) -> PlanStep:
    """On a laptop with two GPUs, by Ubuntu's prime-select."""
    return run(
        ("prime-select", mode), why, f"choose {mode} with prime-select", root=True, reboot=True,
        done_when=Prints(argv=("prime-select", "query"), text=mode),
        lasting="`prime-select` with the other name sets it back",
    )  # fmt: skip


def configure_container_tools(*words: str, file: str, why: str) -> PlanStep:
    """`nvidia-ctk`, which changes that file."""
    return run(("nvidia-ctk", *words), why, "set the container tools up", root=True, touches=(file,))


# files


def point_link(path: str, target: str, facts: Facts, why: str) -> PlanStep:
    """A link to another place."""
    links = facts.toolkit.links if facts.toolkit is not None else ()
    old = next((one.target for one in links if one.path == path), None)
    undo = (machine.as_root("ln", "-sfnT", old, path, why="as it was before"),) if old else ()
    done = Prints(argv=("readlink", path), text=target)
    return run(("ln", "-sfnT", target, path), why, f"point {path} at {target}", root=True, done_when=done, undo=undo)


def give_to_user(path: str, uid: int, why: str) -> PlanStep:
    """A directory with all that is in it."""
    return run(
        ("chown", "-R", str(uid), path), why, f"give {path} back to its user", root=True,
        done_when=Prints(argv=("stat", "-c", "%u", path), text=str(uid)),
        lasting="the files stay with their user",
    )  # fmt: skip


def update_loader_cache(why: str) -> PlanStep:
    """What the loader knows of libraries."""
    lasting = "after `undo`, run `ldconfig` once more"
    return run(("ldconfig",), why, "bring the loader's cache up to date", root=True, lasting=lasting)


def downloads(facts: Facts) -> str:
    """The folder for files that cures download; the current one where the user's home is not known."""
    home = facts.shell.home if facts.shell is not None else None
    return f"{home}/.cache/cudadoctor/downloads" if home else "."


def digest(data: bytes | None) -> str:
    """As in `WriteFile.before`."""
    return "" if data is None else sha256(data).hexdigest()


def _all(conditions: Iterable[Condition]) -> Condition:
    found = tuple(conditions)
    return found[0] if len(found) == 1 else AllOf(conditions=found)
