"""Torch builds and environments as they are published, for the catalogue."""

from __future__ import annotations

from dataclasses import dataclass, replace

from .parts import Env, Machine, Pkg, Torch

PASCAL_ON = ("sm_50", "sm_60", "sm_70", "sm_75", "sm_80", "sm_86", "sm_90")
BLACKWELL = ("sm_75", "sm_80", "sm_86", "sm_90", "sm_100", "sm_120", "compute_120")

TORCH_14_CONDA = Torch(
    version="1.4.0",
    cuda="10.1",
    cudnn="7.6.3",
    conda_build="py3.7_cuda10.1.243_cudnn7.6.3_0",
    archs=("sm_37", "sm_50", "sm_60", "sm_61", "sm_70", "sm_75", "compute_37"),
)
TORCH_112_CU113 = Torch(
    version="1.12.1+cu113",
    cuda="11.3",
    cudnn="8.3.2",
    archs=("sm_37", "sm_50", "sm_60", "sm_70", "sm_75", "sm_80", "sm_86"),
)
TORCH_112_CONDA = Torch(
    version="1.12.1",
    cuda="11.3",
    cudnn="8.3.2",
    conda_build="py3.9_cuda11.3_cudnn8.3.2_0",
    archs=("sm_37", "sm_50", "sm_60", "sm_61", "sm_70", "sm_75", "sm_80", "sm_86", "compute_37"),
)
TORCH_23_CU121 = Torch(version="2.3.1+cu121", cuda="12.1", cudnn="8.9.2", archs=PASCAL_ON)
TORCH_25_CU124 = Torch(version="2.5.1+cu124", cuda="12.4", cudnn="9.1.0", archs=PASCAL_ON)
TORCH_25_CU118 = Torch(version="2.5.1+cu118", cuda="11.8", cudnn="9.1.0", archs=("sm_37", *PASCAL_ON))
TORCH_27_CU126 = Torch(version="2.7.1+cu126", cuda="12.6", cudnn="9.5.1", archs=PASCAL_ON)
TORCH_28_CU128 = Torch(version="2.8.0+cu128", cuda="12.8", cudnn="9.10.2", archs=("sm_70", *BLACKWELL))
TORCH_29_CU126 = Torch(version="2.9.1+cu126", cuda="12.6", cudnn="9.10.2", archs=PASCAL_ON)
TORCH_29_CU130 = Torch(version="2.9.1+cu130", cuda="13.0", cudnn="9.13.0", archs=BLACKWELL)
TORCH_214_CU132 = Torch(version="2.14.0", cuda="13.2", cudnn="9.24.0", archs=BLACKWELL)
TORCH_29_CPU = Torch(version="2.9.1+cpu", cuda=None)
TORCH_29_ROCM = Torch(version="2.9.1+rocm6.4", cuda=None, hip="6.4.43484")
TORCH_ORIN = Torch(version="2.5.0a0+872d972e41.nv24.08", cuda="12.6", cudnn="9.3.0", archs=("sm_87",))
TORCH_ORIN_JP5 = Torch(version="2.0.0+nv23.05", cuda="11.4", cudnn="8.6.0", archs=("sm_72", "sm_87"))

VISION = {
    "2.3.1": "0.18.1",
    "2.5.1": "0.20.1",
    "2.7.1": "0.22.1",
    "2.8.0": "0.23.0",
    "2.9.1": "0.24.1",
    "1.12.1": "0.13.1",
    "2.14.0": "0.29.0",
}


def companions(torch: Torch, *, numpy: str = "1.26.4") -> dict[str, Pkg]:
    """torchvision of the same release and build, and numpy."""
    release, plus, local = torch.version.partition("+")
    packages = {"numpy": Pkg(version=numpy)}
    if release in VISION:
        packages["torchvision"] = Pkg(
            version=f"{VISION[release]}{plus}{local}", requires=(f"torch=={release}", "numpy")
        )
    return packages


def venv(
    torch: Torch | None,
    *,
    python: str = "3.10.12",
    prefix: str = "/home/ada/work/.venv",
    kind: str = "venv",
    packages: dict[str, Pkg] | None = None,
    active: bool = True,
    loads: tuple[dict[str, object], ...] = (),
) -> Env:
    """A virtual environment with this torch and its companions."""
    if packages is None:
        packages = companions(torch) if torch else {}
    return Env(
        kind=kind,  # type: ignore[arg-type]
        prefix=prefix,
        python=python,
        torch=torch,
        packages=packages,
        active=active,
        loads=loads,
    )


SITE = "/home/ada/work/.venv/lib/python3.10/site-packages"


def taken(
    soname: str, folder: str, file: str, how: str, own: str | None = None, by: str = "torch/lib/libtorch_cuda.so"
) -> dict[str, object]:
    """A library that torch is given, in the words of `loader_report.py`; `own`: the wheel's folder below nvidia/."""
    row: dict[str, object] = {
        "soname": soname,
        "path": f"{folder}/{soname}",
        "real": f"{folder}/{file}",
        "size": sum(file.encode()) * 1000,
        "how": how,
        "where": folder,
        "by": f"{SITE}/{by}",
    }
    if own is not None:
        where = f"{SITE}/nvidia/{own}/lib/{soname}"
        row |= {"own": where, "own_real": where, "own_size": 39_000_000}
    return row


def nvjitlink_of(folder: str, version: str, how: str = "LD_LIBRARY_PATH") -> dict[str, object]:
    """libnvJitLink from a toolkit, in the place of the wheel's."""
    name = "libnvJitLink.so.12"
    by = "nvidia/cusparse/lib/libcusparse.so.12"
    return taken(name, folder, f"libnvJitLink.so.{version}", how, "nvjitlink", by)


def conda_pair(
    torch: Torch,
    *,
    python: str,
    env: str = "torch",
    root: str = "/home/ada/miniconda3",
    active: bool = True,
    packages: dict[str, Pkg] | None = None,
) -> tuple[Env, ...]:
    """A conda installation with an environment for torch in it."""
    assert torch.conda_build is not None
    short = python.replace(".", "")[:2]
    if packages is None:
        packages = {
            "numpy": Pkg(version="1.21.6", build=f"py{short}h0_0", channel="conda-forge"),
            "mkl": Pkg(version="2021.4.0", build="h06a4308_640", channel="https://repo.anaconda.com/pkgs/main"),
            "cudatoolkit": Pkg(version=torch.cuda or "0", build="h0_0"),
        }
    return (
        Env(kind="conda", prefix=root, python="3.12.3"),
        Env(kind="conda", prefix=f"{root}/envs/{env}", python=python, torch=torch, packages=packages, active=active),
    )


@dataclass(frozen=True, kw_only=True)
class Planted:
    """A machine of the catalogue, and what must be said of it. All of them are made; none was recorded."""

    machine: Machine
    status: str
    root_causes: tuple[str, ...] = ()
    said_as_info: tuple[str, ...] | None = None
    """Names of informations that must be there; None: not looked at."""
    why: str = ""
    """What makes this machine worth having."""


def planted(
    base: Machine, name: str, *causes: str, status: str = "broken", why: str = "", **changes: object
) -> Planted:
    """The base machine with these changes, and what is wrong with it."""
    return Planted(machine=replace(base, name=name, **changes), status=status, root_causes=causes, why=why)  # type: ignore[arg-type]
