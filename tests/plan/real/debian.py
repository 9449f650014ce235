"""Debian trees by debootstrap, and what is laid over them so that they can be a machine of these tests."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from tests.machines.healthy import REFERENCE
from tests.plan.real.cache import Cache
from tests.plan.real.machine import INSIDE, REPO, Machine
from tests.planted.world import plant

NEEDS = ("typer>=0.26,<0.29", "rich>=13.7", "psutil>=5.9", "packaging>=23", "msgspec>=0.18.6", "ClusterShell>=1.9")
"""What cudadoctor needs at run time on the Pythons of these machines; compared with pyproject.toml by a test."""

_WRAPPER = f"""#!/bin/sh
PYTHONPATH={INSIDE}/code:{INSIDE}/site PYTHONDONTWRITEBYTECODE=1 exec /usr/bin/python3 -m cudadoctor "$@"
"""


def mirror() -> str | None:
    """The address of a Debian mirror, from this machine's own sources; None: let debootstrap take its default."""
    folder = Path("/etc/apt/sources.list.d")
    files = [Path("/etc/apt/sources.list"), *(sorted(folder.glob("*")) if folder.is_dir() else ())]
    for file in files:
        try:
            text = file.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        for found in re.finditer(
            r"^(?:URIs:|deb(?: \[[^]]*\])?)\s+(https?://\S+/debian/?)(?:\s|$)", text, re.MULTILINE
        ):
            return found.group(1)
    return None


def need_root_and_programs(*programs: str) -> None:
    """Skips where a tree cannot be made or entered here."""
    if os.geteuid() != 0:
        pytest.skip("needs root: a chroot is made")
    missing = [name for name in programs if shutil.which(name) is None]
    if missing:
        pytest.skip(f"not here: {', '.join(missing)}")


def debootstrap(cache: Cache, suite: str, packages: str) -> Path:
    """A minimal tree of a release of Debian; skips where it cannot be had."""
    need_root_and_programs("debootstrap", "unshare", "mount")

    def make(folder: Path) -> None:
        command = ["debootstrap", "--variant=minbase", f"--include={packages}", suite, str(folder)]
        address = mirror()
        done = subprocess.run(
            [*command, address] if address else command, capture_output=True, text=True, check=False, timeout=500
        )
        if done.returncode != 0:
            pytest.skip(f"debootstrap of {suite} did not work: {(done.stdout + done.stderr).strip()[-300:]}")
        for unwanted in ("var/cache/apt/archives", "var/lib/apt/lists"):
            for file in (folder / unwanted).glob("*"):
                if file.is_file():
                    file.unlink()
        (folder / "etc/apt/sources.list").write_text("")  # the tests have no network; what they install they bring
        (folder / "etc/dpkg/dpkg.cfg.d/unsafe-io").write_text("force-unsafe-io\n")  # no fsync for each file
        (folder / "etc/resolv.conf").unlink(missing_ok=True)
        (folder / "etc/hostname").write_text("box\n")
        for name, line in (("passwd", "me:x:1000:1000::/home/me:/bin/bash\n"), ("group", "me:x:1000:\n")):
            accounts = folder / "etc" / name
            accounts.write_text(accounts.read_text() + line)
        home = folder / "home/me"
        home.mkdir()
        (home / ".local/state").mkdir(parents=True)
        (home / ".cache").mkdir()
        for made in (home / ".local/state", home / ".local", home / ".cache"):
            os.chown(made, 1000, 1000)
        for name in (".bashrc", ".profile"):
            shutil.copy(folder / "etc/skel" / name, home / name)
            os.chown(home / name, 1000, 1000)
        os.chown(home, 1000, 1000)
        wrapper = folder / "usr/local/bin/cudadoctor"
        wrapper.write_text(_WRAPPER)
        wrapper.chmod(0o755)

    return cache.get(f"debian-{suite}", f"6 {packages} {_WRAPPER}", make)


def site(cache: Cache, python: str) -> Path:
    """cudadoctor's dependencies for a Python `3.11`, in a folder of their own."""

    def make(folder: Path) -> None:
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(folder), "--only-binary", ":all:"]
        command += ["--python-version", python, *NEEDS]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
        if done.returncode != 0:
            pytest.skip(f"pip did not get cudadoctor's dependencies for Python {python}: {done.stderr.strip()[-300:]}")

    return cache.get("site", f"{python} {NEEDS}", make)


def overlay_works(folder: Path, layer: Path) -> None:
    """Skips where an overlay cannot be mounted on this file system or in this container."""
    done = Machine(folder=folder, layers=(layer,)).run("/bin/true")
    if done.code != 0:
        pytest.skip(f"no overlay in a mount namespace here: {done.err.strip()[-300:]}")


def layer(
    cache: Cache,
    name: str,
    recipe: str,
    below: tuple[Path, ...],
    *commands: str,
    binds: Mapping[str, str] | None = None,
) -> Path:
    """What some shell commands change in a tree, as a layer."""

    def make(folder: Path) -> None:
        machine = Machine(folder=folder, layers=below, binds=binds or {})
        for command in commands:
            done = machine.run("/bin/sh", "-c", command)
            assert done.code == 0, done.text

    return cache.get(name, f"{recipe} {commands}", make) / "upper"


def python_of(tree: Path) -> str:
    """`3.11`: that of a tree."""
    return os.readlink(tree / "usr/bin/python3").removeprefix("python")


def package_binds(packages: Path) -> dict[str, str]:
    """The package under test and its dependencies, where the wrapper looks for them."""
    return {f"{INSIDE}/code/cudadoctor": str(REPO / "cudadoctor"), f"{INSIDE}/site": str(packages)}


def reference_machine(cache: Cache, below: tuple[Path, ...]) -> tuple[tuple[Path, ...], dict[str, str], dict[str, str]]:
    """Makes a tree Ubuntu 18.04 with a GTX 1080 Ti and driver 418.39, the machine that the project began with.

    A layer, and the binds and variables that go with it: programs and a library of the stand-ins, files in /sys.
    """
    bare = replace(REFERENCE, envs=(), toolkits=(), path=(), variables={}, rc={})

    def make(folder: Path) -> None:
        plant(folder, bare)
        shutil.rmtree(folder / "fs/home")
        (folder / "fs/etc/environment").unlink()

    world = cache.get("reference", f"{bare} {folder_state()}", make)
    links = layer(cache, "reference-links", str(world), (world / "fs", *below), "ldconfig")
    binds = {str(world): str(world)}
    # A kernel without modules has no such files, and none can be made in /proc.
    binds |= {path: f"{world}/fs{path}" for path in ("/proc/driver", "/proc/modules") if os.path.exists(path)}
    return (links, world / "fs"), binds, {"STANDIN_CUDA": str(world / "cuda.answers")}


def folder_state() -> str:
    """Of what the planted machine is made of: newest change."""
    files = [file for name in ("machines", "planted", "standins") for file in (REPO / "tests" / name).rglob("*.[pch]*")]
    return str(max(file.stat().st_mtime for file in files if "__pycache__" not in file.parts))
