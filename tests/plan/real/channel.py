"""A conda channel of early 2020 in a folder: the names, versions and builds of then, in tiny packages.

GPU and CPU builds of each release stand side by side as upstream's did; the CPU builds carry the legacy feature.
"""

from __future__ import annotations

import bz2
import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path

PYTHON = "/opt/python3.7"
"""Where the machine's own Python 3.7 lies: the package `python` is a link to it and a pyvenv.cfg."""
GPU_BUILD = "py3.7_cuda10.1.243_cudnn7.6.3_0"
_TOOLKITS = {"10.0": "10.0.130", "10.1": "10.1.243", "10.2": "10.2.89"}
_TORCHES = (("1.3.1", "0.4.2", "3.7"), ("1.4.0", "0.5.0", "3.6"), ("1.4.0", "0.5.0", "3.7"), ("1.4.0", "0.5.0", "3.8"))
_SITE = "lib/python{}/site-packages"


class Channel:
    """Packages as they are added; written by `write`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._rows: dict[str, dict[str, object]] = {}
        for name in ("linux-64", "noarch"):
            (folder / name).mkdir(parents=True)

    def add(
        self,
        name: str,
        version: str,
        build: str = "0",
        depends: tuple[str, ...] = (),
        files: Mapping[str, str] | None = None,
        links: Mapping[str, str] | None = None,
        track_features: str = "",
        features: str = "",
    ) -> None:
        """One package. `files`: path → text; `links`: path → where the link points; `more`: fields of its index."""
        number = build.rpartition("_")[2]
        row: dict[str, object] = {
            "name": name, "version": version, "build": build, "build_number": int(number) if number.isdigit() else 0,
            "depends": list(depends), "arch": "x86_64", "platform": "linux", "subdir": "linux-64", "license": "none",
        }  # fmt: skip
        row |= {key: value for key, value in (("track_features", track_features), ("features", features)) if value}
        inside = {"info/index.json": json.dumps(row, indent=1)}
        inside["info/files"] = "".join(f"{path}\n" for path in [*(files or {}), *(links or {})])
        paths: list[dict[str, object]] = []
        for path, text in (files or {}).items():
            digest = hashlib.sha256(text.encode()).hexdigest()
            paths.append({"_path": path, "path_type": "hardlink", "size_in_bytes": len(text), "sha256": digest})
        paths += [{"_path": path, "path_type": "softlink"} for path in links or {}]
        inside["info/paths.json"] = json.dumps({"paths": paths, "paths_version": 1})
        inside["info/no_link"] = inside["info/has_prefix"] = ""  # 4.3.16 on Python 3.7 stumbles where they are missing
        file = f"{name}-{version}-{build}.tar.bz2"
        target = self._folder / "linux-64" / file
        with tarfile.open(target, "w:bz2") as archive:
            for path, text in {**inside, **(files or {})}.items():
                member = tarfile.TarInfo(path)
                member.size = len(text.encode())
                member.mode = 0o755 if text.startswith("#!") else 0o644
                archive.addfile(member, io.BytesIO(text.encode()))
            for path, to in (links or {}).items():
                member = tarfile.TarInfo(path)
                member.type, member.linkname = tarfile.SYMTYPE, to
                archive.addfile(member)
        data = target.read_bytes()
        row["md5"] = hashlib.md5(data).hexdigest()
        row["sha256"] = hashlib.sha256(data).hexdigest()
        self._rows[file] = {**row, "size": len(data), "timestamp": 1580000000000}

    def write(self) -> None:
        """Write the indexes, in the form of then and compressed."""
        for subdir, rows in (("linux-64", self._rows), ("noarch", {})):
            info = {"subdir": subdir, "arch": "x86_64" if subdir == "linux-64" else None, "platform": "linux"}
            text = json.dumps({"info": info, "packages": rows, "packages.conda": {}, "repodata_version": 1}).encode()
            (self._folder / subdir / "repodata.json").write_bytes(text)
            (self._folder / subdir / "repodata.json.bz2").write_bytes(bz2.compress(text))


def build(folder: Path) -> None:
    """Fill an empty folder with the channel."""
    channel = Channel(folder)
    for minor in ("3.6", "3.7", "3.8"):
        links = {
            f"bin/python{minor}": f"{PYTHON}/bin/python{minor}",
            "bin/python": f"python{minor}",
            "bin/python3": f"python{minor}",
        }
        files = {"pyvenv.cfg": f"home = {PYTHON}/bin\ninclude-system-site-packages = false\n"}
        channel.add("python", f"{minor}.6", "h0371630_2", ("pip",), files, links)
    for name, versions in {
        "pip": ("20.0.2",), "mkl": ("2019.4", "2020.0", "2024.0.0", "2024.2.0"), "numpy": ("1.18.1", "2.0.0"),
        "pillow": ("6.2.1", "7.0.0"), "six": ("1.14.0",), "ninja": ("1.9.0",), "setuptools": ("45.2.0", "65.0.0"),
    }.items():  # fmt: skip
        for version in versions:
            channel.add(name, version)
    for full in _TOOLKITS.values():
        channel.add("cudatoolkit", full, "0", (), {"lib/libcudart.so." + ".".join(full.split(".")[:2]): ""})
    channel.add("cpuonly", "1.0", "0", track_features="cpuonly")
    for torch, vision, minor in _TORCHES:
        _release(channel, torch, vision, minor)
    channel.write()


def _release(channel: Channel, torch: str, vision: str, minor: str) -> None:
    short = minor.replace(".", "")
    upper = f"{minor[:2]}{int(minor[2:]) + 1}.0a0"
    base = (f"python >={minor},<{upper}", "numpy >=1.11")
    for cuda in (None, *_TOOLKITS):
        build = f"py{minor}_cpu_0" if cuda is None else f"py{minor}_cuda{_TOOLKITS[cuda]}_cudnn7.6.3_0"
        tail = "cpu" if cuda is None else f"cu{cuda.replace('.', '')}"
        with_it: tuple[str, ...] = ("cpuonly",)
        if cuda is not None:
            with_it = (f"cudatoolkit >={cuda},<{cuda[:3]}{int(cuda[3:]) + 1}",)
        mark = "cpuonly" if cuda is None else ""
        channel.add(
            "pytorch", torch, build, (*base, "mkl >=2018", "ninja", *with_it), _torch(torch, cuda, minor), features=mark
        )
        needs = (*base, "pillow >=4.1.1", "six", f"pytorch =={torch}", *with_it)
        files = {f"{_SITE.format(minor)}/torchvision/version.py": f"__version__ = '{vision}'\n"}
        channel.add("torchvision", vision, f"py{short}_{tail}", needs, files, features=mark)


def _torch(version: str, cuda: str | None, minor: str) -> dict[str, str]:
    folder = f"{_SITE.format(minor)}/torch"
    return {
        f"{folder}/version.py": f"__version__ = '{version}'\ndebug = False\ncuda = {cuda!r}\ngit_version = 'none'\n",
        f"{folder}/__init__.py": "from .version import __version__\n",
        f"{_SITE.format(minor)}/torch-{version}-py{minor}.egg-info/PKG-INFO": f"Name: torch\nVersion: {version}\n",
    }
