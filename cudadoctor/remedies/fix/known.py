"""What is known of the programs that cures run: how to see that they have done it, and how it is taken back."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from itertools import takewhile
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from cudadoctor.facts.base import Facts
from cudadoctor.remedies.machine import as_root
from cudadoctor.remedies.plan import AllOf, Condition, Exists, PlanStep, Prints, Run

_QUIET = ("env", "DEBIAN_FRONTEND=noninteractive")
"""apt-get asks nothing: nobody is there to answer (debconf(7))."""
_NVIDIA = "developer.download.nvidia.com"


class Known(Struct, frozen=True, kw_only=True):
    """What to add to a step."""

    title: str
    argv: tuple[str, ...] | None = None
    """In place of the remedy's, where a program would ask."""
    manual: bool = False
    """It asks a person, and cannot be done by a program."""
    more: dict[str, Any] = {}
    """Fields of the PlanStep."""


def known(run: Run, facts: Facts, before: tuple[Run, ...]) -> Known:
    """What is known of a program. `before`: those that the same cure runs first."""
    name = run.argv[0]
    build = _PROGRAMS.get(name)
    found = build(run, facts, before) if build is not None else None
    return found or Known(title=_title(run))


def _title(run: Run) -> str:
    """What a program of nobody's table does, where its words say it."""
    words = run.argv
    for start in (("-m", "pip", "install"), ("pip", "install")):
        if words[1 : 1 + len(start)] == start:
            packages = list(takewhile(lambda word: not word.startswith("-"), words[1 + len(start) :]))
            return f"Install {' and '.join(packages[:3])}" if packages else "Install with pip"
    if words[1:3] == ("create", "-n") and len(words) > 3:
        return f"Make the environment {words[3]}"
    return f"Run {posixpath.basename(words[0])}"


def dressed(step: PlanStep, what: Known) -> PlanStep:
    """The step with what is known of it."""
    run = step.action
    assert isinstance(run, Run)
    if what.argv is not None:
        run = replace(run, argv=what.argv)
    if what.manual:
        run = replace(run, safety="manual")
    return replace(step, title=what.title, action=run, **what.more)


def all_of(conditions: list[Condition]) -> Condition | None:
    """One condition of several."""
    return None if not conditions else conditions[0] if len(conditions) == 1 else AllOf(conditions=tuple(conditions))


def dpkg_has(package: str) -> Prints:
    """A package of dpkg is installed and configured."""
    return Prints(argv=("dpkg-query", "-W", "-f=${db:Status-Status}", package), text="installed")


def _apt(run: Run, facts: Facts, before: tuple[Run, ...]) -> Known | None:  # noqa: ARG001  one signature for all
    words = run.argv[1:]
    packages = [one for one in words if not one.startswith("-") and one not in ("update", "install", "remove")]
    if words[:1] == ("update",):
        return Known(title="Read the package lists", argv=(*_QUIET, *run.argv), more={"network": ("apt",)})
    if words == ("-f", "install"):
        argv: tuple[str, ...] = (*_QUIET, "apt-get", "-f", "install", "-y", "--no-remove")
        more: dict[str, Any] = {"network": ("apt",), "packages": True}
        return Known(title="Bring the packages' dependencies in order", argv=argv, more=more)
    if words[:1] == ("remove",):
        argv = run.argv if "-y" in words else (*run.argv[:2], "-y", *run.argv[2:])
        lasting = "the packages stay removed: install them again where they are needed"
        return Known(title="Remove packages", argv=(*_QUIET, *argv), more={"lasting": lasting})
    if words[:1] == ("install",) and packages:
        again = "--reinstall" in words
        more = {"packages": True, "network": ("apt",), "disk_mib": _disk(packages), "disk_at": "/usr"}
        more["done_when"] = None if again else all_of([dpkg_has(one) for one in packages])
        more["reboot"] = _is_driver(packages)
        return Known(title=f"Install {' '.join(packages)}", argv=(*_QUIET, *run.argv), more=more)
    return None


def _disk(packages: list[str]) -> int:
    """MiB at most: a toolkit takes up to 8 GiB, a driver with its libraries 1.5 GiB (estimates, November 2026)."""
    if any(one.startswith("cuda-toolkit") for one in packages):
        return 9000
    return 1500 if any("nvidia" in one for one in packages) else 500


def _is_driver(packages: list[str]) -> bool:
    return any(one.startswith(("nvidia-driver", "nvidia-open", "cuda-drivers")) for one in packages)


def _dnf(run: Run, facts: Facts, before: tuple[Run, ...]) -> Known | None:  # noqa: ARG001
    words = [one for one in run.argv[1:] if not one.startswith("-")]
    if words[:1] in (["install"], ["reinstall"]):
        more: dict[str, Any] = {"packages": True, "network": ("dnf",), "disk_mib": _disk(words[1:]), "disk_at": "/usr"}
        if words[0] == "install":
            more["done_when"] = all_of([Prints(argv=("rpm", "-q", "--whatprovides", one)) for one in words[1:]])
        more["reboot"] = _is_driver(words[1:])
        return Known(title=f"Install {' '.join(words[1:])}", more=more)
    if words[:1] == ["module"]:
        lasting = "the module stream stays: `dnf module reset nvidia-driver` leaves it"
        return Known(title=f"Set the driver's module stream ({' '.join(words[1:])})", more={"lasting": lasting})
    if words[:1] == ["config-manager"]:
        file = f"/etc/yum.repos.d/{posixpath.basename(run.argv[-1])}"
        more = {"network": (_NVIDIA,), "done_when": Exists(path=file), "makes": (file,)}
        return Known(title="Add NVIDIA's package source", more=more)
    return None


def _ubuntu_drivers(run: Run, facts: Facts, before: tuple[Run, ...]) -> Known:  # noqa: ARG001
    more: dict[str, Any] = {
        "packages": True,
        "network": ("apt",),
        "reboot": True,
        "disk_mib": 1500,
        "disk_at": "/usr",
    }
    return Known(title="Install the driver that Ubuntu recommends", argv=(*_QUIET, *run.argv), more=more)


def _modprobe(run: Run, facts: Facts, before: tuple[Run, ...]) -> Known:  # noqa: ARG001
    module = run.argv[-1]
    if "-r" in run.argv:
        return Known(
            title=f"Unload the module {module}", more={"lasting": "the module is loaded again at its next use"}
        )
    loaded: Condition | None = {
        "nvidia": Exists(path="/proc/driver/nvidia/version"),
    }.get(module, Exists(path=f"/sys/module/{module}", what="directory"))
    if any(one.argv[:2] == ("modprobe", "-r") and module in one.argv for one in before):
        loaded = None  # it is loaded now, and that is what is wrong
    return Known(
        title=f"Load the module {module}",
        more={"done_when": loaded, "lasting": "the module stays loaded until the next start"},
    )


def _nodes(run: Run, facts: Facts, before: tuple[Run, ...]) -> Known:  # noqa: ARG001
    nodes = ("/dev/nvidiactl", "/dev/nvidia0", "/dev/nvidia-uvm")
    there = all_of([Prints(argv=("test", "-c", node)) for node in nodes])
    lasting = "device nodes go at the next start"
    return Known(title="Make the device nodes", more={"done_when": there, "lasting": lasting})


def _dkms(run: Run, facts: Facts, before: tuple[Run, ...]) -> Known:  # noqa: ARG001
    kernel = run.argv[run.argv.index("-k") + 1] if "-k" in run.argv[:-1] else None
    built = Prints(argv=("modinfo", "-k", kernel, "-F", "version", "nvidia")) if kernel else None
    lasting = "the module that was built stays on the disk"
    return Known(title="Build the kernel module", more={"done_when": built, "lasting": lasting})


def _systemctl(run: Run, facts: Facts, before: tuple[Run, ...]) -> Known | None:  # noqa: ARG001
    verb, *rest = run.argv[1:]
    now, units = "--now" in rest, [one for one in rest if not one.startswith("-")]
    shown = " ".join(units)
    if verb == "enable":
        wanted: list[Condition] = [Prints(argv=("systemctl", "is-enabled", "--quiet", one)) for one in units]
        if now:
            wanted += [Prints(argv=("systemctl", "is-active", "--quiet", one)) for one in units]
        back = as_root("systemctl", "disable", *(("--now",) if now else ()), *units, why="as it was before")
        return Known(title=f"Start {shown} at each boot", more={"done_when": all_of(wanted), "undo": (back,)})
    if verb == "disable":
        back = as_root("systemctl", "enable", *(("--now",) if now else ()), *units, why="as it was before")
        return Known(title=f"Switch {shown} off", more={"undo": (back,)})
    if verb == "restart":
        return Known(title=f"Restart {shown}", more={"lasting": f"{shown} was started anew"})
    return None


def _smi(run: Run, facts: Facts, before: tuple[Run, ...]) -> Known | None:  # noqa: ARG001
    gpu = run.argv[run.argv.index("-i") + 1] if "-i" in run.argv[:-1] else None
    ask = ("nvidia-smi", *(("-i", gpu) if gpu else ()), "--format=csv,noheader")
    if "--gpu-reset" in run.argv:
        return Known(
            title=f"Reset GPU {gpu}", more={"lasting": "a reset cannot be taken back, and leaves nothing behind"}
        )
    if "-c" in run.argv:
        there = Prints(argv=(*ask, "--query-gpu=compute_mode"), text="Default")
        lasting = "the compute mode that was set before is not known: `nvidia-smi -c` sets one"
        return Known(title=f"Set GPU {gpu} to the default compute mode", more={"done_when": there, "lasting": lasting})
    if "-mig" in run.argv:
        there = Prints(argv=(*ask, "--query-gpu=mig.mode.current"), text="Disabled")
        back = as_root("nvidia-smi", *(("-i", gpu) if gpu else ()), "-mig", "1", why="switches MIG on again")
        return Known(title=f"Switch MIG off on GPU {gpu}", more={"done_when": there, "undo": (back,)})
    return Known(title=f"Put the clocks of GPU {gpu} back", more={"lasting": "limits that were set are not known"})


def _link(run: Run, facts: Facts, before: tuple[Run, ...]) -> Known:  # noqa: ARG001
    target, path = run.argv[-2:]
    links = facts.toolkit.links if facts.toolkit is not None else ()
    old = next((one.target for one in links if one.path == path), None)
    undo = (as_root("ln", "-sfnT", old, path, why="as it was before"),) if old else ()
    more: dict[str, Any] = {"done_when": Prints(argv=("readlink", path), text=target), "undo": undo}
    return Known(title=f"Point {path} at {target}", more=more)


def _chown(run: Run, facts: Facts, before: tuple[Run, ...]) -> Known:  # noqa: ARG001
    owner, path = run.argv[-2:]
    more: dict[str, Any] = {
        "done_when": Prints(argv=("stat", "-c", "%u", path), text=owner),
        "lasting": "the files stay with their user",
    }
    return Known(title=f"Give {path} back to its user", more=more)


def _ctk(run: Run, facts: Facts, before: tuple[Run, ...]) -> Known:  # noqa: ARG001
    config = "config" in run.argv[1:2]
    file = "/etc/nvidia-container-runtime/config.toml" if config else "/etc/docker/daemon.json"
    return Known(title="Set the container tools up", more={"touches": (file,)})


def _prime(run: Run, facts: Facts, before: tuple[Run, ...]) -> Known:  # noqa: ARG001
    more: dict[str, Any] = {
        "done_when": Prints(argv=("prime-select", "query"), text=run.argv[-1]),
        "reboot": True,
        "lasting": "`prime-select` with the other name sets it back",
    }
    return Known(title=f"Choose {run.argv[-1]} with prime-select", more=more)


def _dpkg(run: Run, facts: Facts, before: tuple[Run, ...]) -> Known | None:  # noqa: ARG001
    if "--configure" in run.argv:
        lasting = "packages stay configured"
        return Known(title="Finish what dpkg left undone", argv=(*_QUIET, *run.argv), more={"lasting": lasting})
    return None


def _conda(run: Run, facts: Facts, before: tuple[Run, ...]) -> Known | None:  # noqa: ARG001
    if "install" not in run.argv[1:2]:
        return None
    prefix = next((run.argv[at + 1] for at, one in enumerate(run.argv[:-1]) if one in ("-p", "--prefix")), None)
    program = facts.conda.executable if facts.conda is not None else None
    argv = (program, *run.argv[1:]) if program and run.argv[0] == "conda" else run.argv
    package = run.argv[-1].partition("=")[0]
    more: dict[str, Any] = {"network": ("conda.anaconda.org",), "disk_at": prefix, "disk_mib": 9000}
    if prefix is not None and package == "cuda-toolkit":
        more["done_when"] = Exists(path=f"{prefix}/bin/nvcc", what="executable")
        back = Run(argv=(argv[0], "remove", "-y", "-p", prefix, package), why="takes it out again", safety="safe")
        more["undo"] = (back,)
    return Known(title=f"Install {run.argv[-1]} with conda", argv=argv, more=more)


def _asks(run: Run, facts: Facts, before: tuple[Run, ...]) -> Known:  # noqa: ARG001
    return Known(title="Enrol the key that signs the module", manual=True)


def _always(title: str, lasting: str) -> Callable[[Run, Facts, tuple[Run, ...]], Known]:
    return lambda run, facts, before: Known(title=title, more={"lasting": lasting})  # noqa: ARG005


_PROGRAMS: dict[str, Callable[[Run, Facts, tuple[Run, ...]], Known | None]] = {
    "apt-get": _apt,
    "dnf": _dnf,
    "ubuntu-drivers": _ubuntu_drivers,
    "modprobe": _modprobe,
    "nvidia-modprobe": _nodes,
    "dkms": _dkms,
    "systemctl": _systemctl,
    "nvidia-smi": _smi,
    "ln": _link,
    "chown": _chown,
    "nvidia-ctk": _ctk,
    "prime-select": _prime,
    "dpkg": _dpkg,
    "conda": _conda,
    "mokutil": _asks,
    "update-initramfs": _always("Rebuild the initramfs", "after `undo`, rebuild the initramfs once more"),
    "dracut": _always("Rebuild the initramfs", "after `undo`, rebuild the initramfs once more"),
    "ldconfig": _always("Bring the loader's cache up to date", "after `undo`, run `ldconfig` once more"),
    "docker": _always("Show the GPU in a container", "the image that was fetched stays"),
}
