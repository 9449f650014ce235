"""Writes Python environments, with conda's records and the torch in them, into a tree."""

from __future__ import annotations

import json
import posixpath

from .parts import Env, Machine, Pkg, Torch
from .tree import Tree


def feature(version: str) -> str:
    """`3.7.6` → `3.7`."""
    return ".".join(version.split(".")[:2])


def interpreter(env: Env) -> str:
    """The real file of the environment's python."""
    if env.kind in ("conda", "pixi", "pyenv"):
        return f"{env.prefix}/bin/python{feature(env.python)}"
    if env.kind == "system":
        return f"{env.prefix}/bin/python{feature(env.python)}"
    return f"{env.prefix}/bin/python"


def site_packages(machine: Machine, env: Env) -> str:
    """Where its packages lie."""
    if env.kind == "system" and machine.os.id in ("ubuntu", "debian"):
        return f"/usr/local/lib/python{feature(env.python)}/dist-packages"
    return f"{env.prefix}/lib/python{feature(env.python)}/site-packages"


def write(tree: Tree, machine: Machine, env: Env, *, base: str) -> str:
    """Put the environment into the tree; gives the real path of its interpreter, to hang a program on.

    `base`: real path of the interpreter that a virtual environment was made from.
    """
    owner = 0 if env.kind == "system" else machine.uid
    own = interpreter(env)
    name = f"python{feature(env.python)}"
    if env.kind in ("venv", "uv", "pipx"):
        # the link to the base interpreter is what tells a virtual environment's python from the one it was made from
        tree.link(f"{env.prefix}/bin/python3", "python")
        tree.link(f"{env.prefix}/bin/{name}", "python")
        tree.link(f"{env.prefix}/bin/python", base)
        made_by = "uv = 0.9.10\n" if env.kind == "uv" else ""
        version = f"version_info = {env.python}\n" if env.kind == "uv" else f"version = {env.python}\n"
        tree.file(
            f"{env.prefix}/pyvenv.cfg",
            f"home = {posixpath.dirname(base)}\n{made_by}include-system-site-packages = false\n{version}",
            uid=owner,
        )
        tree.file(f"{env.prefix}/bin/activate", "# activation script\n", uid=owner)
    else:
        tree.file(own, b"\x7fELF", mode=0o755, uid=owner)
        tree.link(f"{env.prefix}/bin/python3", name)
        if env.kind != "system":
            tree.link(f"{env.prefix}/bin/python", name)
    tree.dir(site_packages(machine, env), uid=owner)
    tree.dir(f"{env.prefix}/lib/python{feature(env.python)}", uid=owner)
    if env.kind in ("conda", "pixi"):
        tree.file(f"{env.prefix}/conda-meta/history", "==> 2026-01-09 10:11:12 <==\n# cmd: conda create\n", uid=owner)
        conda_record(tree, env, "python", Pkg(version=env.python, build="h0_0_cpython", channel="conda-forge"))
    for pkg_name, pkg in env.packages.items():
        _package(tree, machine, env, pkg_name, pkg)
    for pkg_name, version in env.also_pip.items():
        _dist_info(tree, machine, env, pkg_name, version, (), installer="pip")
    if env.torch is not None:
        _torch(tree, machine, env, env.torch)
    return own


def conda_record(tree: Tree, env: Env, name: str, pkg: Pkg) -> None:
    """conda's own record of an installed package."""
    record = {
        "build": pkg.build,
        "build_number": 0,
        "channel": f"{pkg.channel}/linux-64" if "://" in pkg.channel else pkg.channel,
        "depends": list(pkg.requires),
        "files": [],
        "fn": f"{name}-{pkg.version}-{pkg.build}.tar.bz2",
        "name": name,
        "version": pkg.version,
    }
    tree.file(f"{env.prefix}/conda-meta/{name}-{pkg.version}-{pkg.build}.json", json.dumps(record, indent=2))


def _package(tree: Tree, machine: Machine, env: Env, name: str, pkg: Pkg) -> None:
    if pkg.build is not None:
        conda_record(tree, env, name, pkg)
        if name in (
            "mkl",
            "cudatoolkit",
            "cudnn",
            "pytorch-cuda",
            "cuda-version",
            "cpuonly",
            "pytorch-mutex",
            "libtorch",
        ):
            return  # no Python distribution
    if env.kind in ("conda", "pixi") and name.startswith("cuda-"):
        return
    _dist_info(tree, machine, env, name, pkg.version, pkg.requires, installer="conda" if pkg.build else _installer(env))


def _installer(env: Env) -> str:
    return "uv" if env.kind == "uv" else "pip"


def _dist_info(
    tree: Tree, machine: Machine, env: Env, name: str, version: str, requires: tuple[str, ...], *, installer: str
) -> None:
    folder = f"{site_packages(machine, env)}/{name.replace('-', '_')}-{version}.dist-info"
    wants = "".join(f"Requires-Dist: {one}\n" for one in requires)
    tree.file(f"{folder}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{wants}\n")
    tree.file(f"{folder}/INSTALLER", f"{installer}\n")
    module = name.replace("-", "_")
    tree.file(f"{folder}/RECORD", f"{module}/__init__.py,,\n")
    if not name.startswith("nvidia-"):
        tree.file(f"{site_packages(machine, env)}/{module}/__init__.py", "")
    if name == "torchvision":
        tree.file(f"{site_packages(machine, env)}/torchvision/version.py", f"__version__ = '{version}'\n")


def _torch(tree: Tree, machine: Machine, env: Env, torch: Torch) -> None:
    site = site_packages(machine, env)
    conda = torch.conda_build is not None
    if conda:
        conda_record(tree, env, "pytorch", Pkg(version=torch.version, build=torch.conda_build, channel=torch.channel))
    wheels = {} if conda else nvidia_wheels(torch)
    _dist_info(
        tree,
        machine,
        env,
        "torch",
        torch.version,
        tuple(f'{name}=={version}; platform_system == "Linux"' for name, version in wheels.items()),
        installer="conda" if conda else _installer(env),
    )
    for name, version in wheels.items():
        if name not in env.packages:
            _dist_info(tree, machine, env, name, version, (), installer=_installer(env))
    tree.file(f"{site}/torch/__init__.py", "# torch\n")
    tree.file(f"{site}/torch/version.py", _version_py(torch))
    machine_code = b"\x7fELF\x02\x01\x01" + bytes(57)
    archs = b"\0" + " ".join(torch.archs).encode() + b"\0" if torch.archs else b""
    tree.file(f"{site}/torch/lib/libtorch_python.so", machine_code + b"\0cuda\0" + archs + b"\0end\0", mode=0o755)
    tree.file(f"{site}/torch/lib/libtorch_cpu.so", machine_code, mode=0o755)
    tree.file(f"{site}/torch/lib/libc10.so", machine_code, mode=0o755)
    if torch.cuda:
        tree.file(f"{site}/torch/lib/libtorch_cuda.so", machine_code + archs, mode=0o755)
        tree.file(f"{site}/torch/lib/libc10_cuda.so", machine_code, mode=0o755)
        major = torch.cuda.split(".")[0]
        for name, version in wheels.items():
            if "cudnn" in name:
                tree.file(f"{site}/nvidia/cudnn/lib/libcudnn.so.{version.split('.')[0]}", machine_code)
                tree.file(f"{site}/nvidia/cudnn/include/cudnn_version.h", _cudnn_header(version))
            if "runtime" in name:
                folder = "cu13" if major == "13" else "cuda_runtime"
                tree.file(f"{site}/nvidia/{folder}/lib/libcudart.so.{major}", machine_code)
    if torch.hip:
        tree.file(f"{site}/torch/lib/libtorch_hip.so", machine_code, mode=0o755)


def _cudnn_header(version: str) -> str:
    major, minor, patch = (*version.split("."), "0", "0")[:3]
    return f"#define CUDNN_MAJOR {major}\n#define CUDNN_MINOR {minor}\n#define CUDNN_PATCHLEVEL {patch}\n"


def _version_py(torch: Torch) -> str:
    shown = {
        name: "None" if value is None else repr(value) for name, value in (("cuda", torch.cuda), ("hip", torch.hip))
    }
    if int(torch.version.split(".")[0]) < 2:
        hip = f"hip = {shown['hip']}\n" if torch.version.split(".")[1] not in "01234567" else ""
        return (
            f"__version__ = '{torch.version}'\ndebug = False\ncuda = {shown['cuda']}\ngit_version = '{'0' * 40}'\n{hip}"
        )
    return (
        "from typing import Optional\n\n__all__ = ['__version__', 'debug', 'cuda', 'git_version', 'hip', 'xpu']\n"
        f"__version__ = '{torch.version}'\ndebug = False\ncuda: Optional[str] = {shown['cuda']}\n"
        f"git_version = '{'0' * 40}'\nhip: Optional[str] = {shown['hip']}\nxpu: Optional[str] = None\n"
    )


def nvidia_wheels(torch: Torch) -> dict[str, str]:
    """The library wheels that a pip torch of this version pulls in; none before 2.0, which carried all in torch/lib."""
    if torch.cuda is None or int(torch.version.split(".")[0]) < 2:
        return {}
    major = torch.cuda.split(".")[0]
    if major == "11":
        return {}
    suffix = "" if major == "13" else f"-cu{major}"
    return {
        f"nvidia-cuda-runtime{suffix}": f"{torch.cuda}.48",
        f"nvidia-cublas{suffix}": f"{torch.cuda}.0.19" if major != "12" else f"{torch.cuda}.1.3",
        f"nvidia-cudnn-cu{major}": f"{torch.cudnn or '9.10.2'}.21",
        f"nvidia-nccl-cu{major}": "2.27.3",
        f"nvidia-nvjitlink{suffix}": f"{torch.cuda}.48",
    }
