"""A machine for the tests of these probes: files, links and programs, on the host in memory of tests/machines."""

from __future__ import annotations

import json
from collections.abc import Mapping

from cudadoctor.host.base import Identity, Limits
from tests.machines.tree import Program, Tree
from tests.machines.virtual import VirtualHost

HOME = "/home/ada"
BIN = "/usr/local/bin:/usr/bin:/bin"


def machine(
    files: Mapping[str, str | bytes] | None = None,
    *,
    links: Mapping[str, str] | None = None,
    dirs: tuple[str, ...] = (),
    programs: Mapping[str, Program] | None = None,
    env: Mapping[str, str] | None = None,
    cwd: str = f"{HOME}/work",
    tool_prefix: str | None = "/opt/tools/cudadoctor",
    home: str | None = HOME,
    modes: Mapping[str, int] | None = None,
    helper: Program | None = None,
) -> VirtualHost:
    """`~` at the front of a path is the user's home. Programs stand at their real paths; every file of root's."""
    tree = Tree()
    for folder in (HOME, cwd, "/usr/bin", "/usr/local/bin", "/etc", *dirs):
        tree.dir(_path(folder))
    for path, content in (files or {}).items():
        tree.file(_path(path), content, mode=(modes or {}).get(path, 0o644))
    for path, target in (links or {}).items():
        tree.link(_path(path), _path(target))
    table: dict[str, Program] = {}
    for path, program in (programs or {}).items():
        if _path(path) not in tree.entries:
            tree.file(_path(path), b"\x7fELF", mode=0o755)
        table[_path(path)] = program
    values = {"HOME": HOME, "PATH": BIN, "SHELL": "/bin/bash"} | dict(env or {})
    return VirtualHost(
        tree=tree,
        identity=Identity(
            machine="x86_64",
            kernel="6.1.0",
            libc="glibc 2.36",
            user="ada",
            uid=1000,
            home=home,
            cwd=cwd,
            tool_prefix=tool_prefix,
        ),
        limits=Limits(address_space=None, locked_memory=None, open_files=None, shm_size=None),
        env={name: value for name, value in values.items() if value != "UNSET"},
        programs=table,
        helper=helper,
    )


def _path(path: str) -> str:
    return path.replace("~", HOME, 1) if path.startswith("~") else path


ELF = b"\x7fELF\x02\x01\x01"


def python(prefix: str, version: str = "3.11.7", *, base: str | None = None) -> tuple[dict[str, bytes], dict[str, str]]:
    """Files and links of an interpreter: its own, or (with `base`) a virtual environment's link to another."""
    minor = ".".join(version.split(".")[:2])
    if base is not None:
        return {}, {f"{prefix}/bin/python": base, f"{prefix}/bin/python3": "python"}
    return {f"{prefix}/bin/python{minor}": ELF}, {
        f"{prefix}/bin/python3": f"python{minor}",
        f"{prefix}/bin/python": f"python{minor}",
    }


def venv(
    prefix: str, version: str = "3.11.7", *, system: bool = False, extra: str = "", base: str = "/usr/bin"
) -> dict[str, str]:
    """A pyvenv.cfg and an empty site-packages."""
    minor = ".".join(version.split(".")[:2])
    cfg = f"home = {base}\ninclude-system-site-packages = {str(system).lower()}\nversion = {version}\n{extra}"
    return {f"{prefix}/pyvenv.cfg": cfg, f"{prefix}/lib/python{minor}/site-packages/README": ""}


def torch(
    site: str, version: str = "2.4.0+cu121", cuda: str | None = "12.1", *, installer: str = "pip"
) -> dict[str, str]:
    """A torch on disk: its version.py and its dist-info."""
    shown = "None" if cuda is None else f"'{cuda}'"
    return {
        f"{site}/torch/__init__.py": "",
        f"{site}/torch/version.py": f"__version__ = '{version}'\ndebug = False\ncuda = {shown}\nhip = None\n",
        **info(site, "torch", version, installer=installer),
    }


def info(
    site: str, name: str, version: str, *, installer: str = "pip", requires: tuple[str, ...] = ()
) -> dict[str, str]:
    """A dist-info."""
    folder = f"{site}/{name.replace('-', '_')}-{version}.dist-info"
    wants = "".join(f"Requires-Dist: {one}\n" for one in requires)
    return {
        f"{folder}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{wants}\n",
        f"{folder}/INSTALLER": f"{installer}\n",
    }


def conda_env(prefix: str, *packages: str, channel: str = "conda-forge") -> dict[str, str]:
    """conda-meta with records `name-version-build`."""
    files = {f"{prefix}/conda-meta/history": "==> 2026-01-01 00:00:00 <==\n"}
    for package in packages:
        record = {"build": package.rsplit("-", 1)[1], "channel": f"https://conda.anaconda.org/{channel}/linux-64"}
        files[f"{prefix}/conda-meta/{package}.json"] = json.dumps(record, indent=2, sort_keys=True)
    return files
