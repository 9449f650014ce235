"""A planted machine as a directory tree and real programs, entered through a mount namespace.

The same description as in memory (tests/machines) is written out; overlays and bind mounts put it in place for one
process tree, and nothing outside that namespace changes. What the real machine has of NVIDIA's is hidden.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.machines import envs_on_disk, stack
from tests.machines.builder import build
from tests.machines.parts import Env, Machine
from tests.machines.tree import Entry
from tests.machines.virtual import VirtualHost
from tests.standins import build as standins

from . import enter, fake_torch

ROOT = Path(__file__).resolve().parents[2]
PYTHON = os.path.realpath(sys.executable)
EXPORTED = (
    "/proc/driver",
    "/proc/modules",
    "/sys/module",
    "/sys/bus/pci",
    "/sys/devices/pci",
    "/etc/ld.so.conf",
    "/etc/environment",
    "/etc/profile.d",
    "/usr/lib/os-release",
    "/etc/os-release",
    "/usr/lib/modules",
    "/home",
    "/usr/local/cuda",
    "/opt",
)
COMPILERS = ("g++", "gcc", "c++", "cc")


@dataclass(frozen=True, kw_only=True)
class World:
    """A machine on disk."""

    machine: Machine
    folder: Path
    script: Path
    env: Mapping[str, str]

    def run(self, *arguments: str, deadline: float = 120.0) -> subprocess.CompletedProcess[str]:
        """`python -m cudadoctor …` on this machine; killed (status 137) where it has not ended in `deadline` seconds.

        The mounts before it are not counted.
        """
        enter = ["unshare", "--mount", "--propagation", "private", "sh", str(self.script)]
        doctor = ["timeout", "-s", "KILL", str(deadline), sys.executable, "-m", "cudadoctor"]
        return subprocess.run(
            [*enter, *doctor, *arguments],
            env=dict(self.env),
            cwd=self.folder / "cwd",
            capture_output=True,
            text=True,
            check=False,
            timeout=deadline + 60,
            stdin=subprocess.DEVNULL,
        )

    def check(self, *arguments: str, deadline: float = 120.0) -> tuple[dict[str, Any], int]:
        """The report and the exit status of `check --json`."""
        done = self.run("check", "--json", *arguments, deadline=deadline)
        assert done.returncode != 137, f"it had not ended after {deadline:g} s"
        assert done.stdout, done.stderr
        return json.loads(done.stdout), done.returncode


def here(machine: Machine) -> Machine:
    """The machine with this kernel and processor, which no mount can hide."""
    return replace(machine, os=replace(machine.os, kernel=os.uname().release, arch=os.uname().machine))


def plant(folder: Path, machine: Machine, *, extra_env: Mapping[str, str] | None = None) -> World:
    """Write the machine below `folder`; its libcuda.so.1 is the compiled stand-in."""
    machine = here(machine)
    host = build(machine)
    root = folder / "fs"
    for path, entry in host._entries.items():
        if path.startswith(EXPORTED) or _of_the_driver(path):
            _write(root, path, entry)
    for path in (
        "usr/bin",
        "usr/lib",
        "etc/ld.so.conf.d",
        "home",
        "usr/local",
        "proc/driver",
        "sys/module",
        "sys/bus/pci/devices",
        "opt",
    ):
        (root / path).mkdir(parents=True, exist_ok=True)
    (folder / "cwd").mkdir()
    _programs(root, machine, host)
    cuda_env = _libcuda(folder, root, machine)
    for one in machine.envs:
        _environment(root, machine, one)
    script = folder / "enter.sh"
    script.write_text(enter.script(folder, host))
    env = {
        **{name: value for name, value in host.env.items() if name != "LANG"},
        **_own_env(),
        **cuda_env,
        **(extra_env or {}),
    }
    return World(machine=machine, folder=folder, script=script, env=env)


def _own_env() -> dict[str, str]:
    """What the doctor itself needs to be importable from a checkout."""
    return {"PYTHONPATH": str(ROOT), "USER": "root"}


def _of_the_driver(path: str) -> bool:
    name = os.path.basename(path)
    return path.startswith(f"{enter.LIBDIR}/") and name.startswith(("libcuda.so", "libnvidia-"))


def _write(root: Path, path: str, entry: Entry) -> None:
    where = root / path.lstrip("/")
    where.parent.mkdir(parents=True, exist_ok=True)
    if entry.kind == "dir":
        where.mkdir(exist_ok=True)
    elif entry.kind == "link":
        where.symlink_to(entry.target or "")
    elif entry.kind == "file":
        where.write_bytes(entry.data)
        where.chmod(entry.mode)


def _executable(where: Path, lines: str) -> None:
    where.parent.mkdir(parents=True, exist_ok=True)
    if where.is_symlink() or where.exists():
        where.unlink()
    where.write_text(f"#!/bin/sh\n{lines}")
    where.chmod(0o755)


def _programs(root: Path, machine: Machine, host: VirtualHost) -> None:
    if machine.driver is not None and machine.driver.smi:
        _executable(root / "usr/bin/nvidia-smi", _smi(root, machine, host))
    for toolkit in machine.toolkits:
        if toolkit.nvcc:
            said = host.run([f"{toolkit.where}/bin/nvcc", "--version"], timeout=1).stdout.decode()
            _executable(root / f"{toolkit.where}/bin/nvcc".lstrip("/"), f"cat <<'EOF'\n{said}EOF\n")
    version = machine.os.gcc
    for name in COMPILERS:
        cases = (
            f"*-dumpfullversion*) echo {version};;",
            f"*-dumpversion*) echo {version.split('.', maxsplit=1)[0]};;",
            f'*) echo "{name} (planted) {version}";;',
        )
        _executable(root / "usr/bin" / name, f'case "$*" in {" ".join(cases)} esac\n')


def _smi(root: Path, machine: Machine, host: VirtualHost) -> str:
    """A script: prints what the program in memory prints, or dies or hangs for real."""
    if machine.smi == "hangs":
        return "trap '' TERM INT HUP\nwhile :; do sleep 3600; done\n"
    if machine.smi == "segv":
        return "kill -SEGV $$\nsleep 60\n"
    outputs = root.parent / "smi"
    outputs.mkdir()
    cases: list[str] = []
    for number, (pattern, arguments) in enumerate(
        (
            ("*-x*", ("-q", "-x")),
            ("*--query-gpu=*compute_cap*", ("--query-gpu=index,pci.bus_id,compute_cap", "--format=csv")),
            ("*--query-gpu=*", ("--query-gpu=index,name,uuid,pci.bus_id,memory.total,driver_version", "--format=csv")),
            ("*", ()),
        )
    ):
        done = host.run(["/usr/bin/nvidia-smi", *arguments], timeout=1)
        (outputs / str(number)).write_bytes(done.stdout)
        cases.append(f"{pattern}) cat {shlex.quote(str(outputs / str(number)))}; exit {done.returncode};;\n")
    return f'case "$*" in\n{"".join(cases)}esac\n'


def _libcuda(folder: Path, root: Path, machine: Machine) -> dict[str, str]:
    """The stand-in takes the place of the file that the links end at; its answers follow from the description."""
    nvml = [one for one in (root / enter.LIBDIR.lstrip("/")).glob("libnvidia-ml.so.*") if not one.is_symlink()]
    for one in nvml:
        one.write_bytes((standins.library("libnvml") / "libnvidia-ml.so.1").read_bytes())
    files = [one for one in (root / enter.LIBDIR.lstrip("/")).glob("libcuda.so.*") if not one.is_symlink()]
    if not files:
        return {}
    standin = standins.library("libcuda") / "libcuda.so.1"
    for one in files:
        one.write_bytes(standin.read_bytes())
    state = stack.cuda(machine)
    major, minor = stack.numbers(state.version)[:2]
    values: dict[str, object] = {"version": major * 1000 + minor * 10, "cuInit": state.cuinit}
    if machine.libcuda.behaviour == "hangs":
        values["hang.cuInit"] = 3600
    if machine.libcuda.behaviour == "segv":
        values["signal.cuInit"] = 11
    for number, gpu in enumerate(state.devices):
        own = {"name": gpu.name, "cc": gpu.capability, "bus": gpu.bus, "memory_mib": gpu.memory_mib - 300}
        values |= {f"device{number}.{key}": value for key, value in own.items()}
    return {"STANDIN_CUDA": str(standins.answers(folder / "cuda.answers", **values))}


def _environment(root: Path, machine: Machine, env: Env) -> None:
    if env.kind == "system":
        return
    prefix = root / env.prefix.lstrip("/")
    site = root / envs_on_disk.site_packages(machine, env).lstrip("/")
    if env.kind in ("venv", "uv"):
        for name in ("python", "python3", f"python{envs_on_disk.feature(env.python)}"):
            (prefix / "bin" / name).unlink(missing_ok=True)
        subprocess.run(
            [PYTHON, "-m", "venv", "--without-pip", "--symlinks", str(prefix)], check=True, capture_output=True
        )
        own = prefix / f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"
        if own != site:  # the description's Python is another one than this: its packages move
            own.rmdir()
            site.rename(own)
            site = own
    else:
        # sys.prefix of an interpreter is where its library is: the wrapper stands for one that is not here
        real = root / envs_on_disk.interpreter(env).lstrip("/")
        _executable(
            real,
            f'export PYTHONPATH={shlex.quote("/" + str(site.relative_to(root)))}\nexec {shlex.quote(PYTHON)} -s "$@"\n',
        )
    if env.torch is not None:
        fake_torch.write(site / "torch", machine, env.torch)
