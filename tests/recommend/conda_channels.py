"""Conda channels on disk, with the requirements that the real packages have: for a real solver.

What upstream's packages require comes from the tables (their recipes); which of it conda-forge and Anaconda's
`defaults` have is typed here, as the issues about it show: conda-forge's jpeg begins with 9c, its pillow since 9.5
requires libjpeg-turbo, which excludes jpeg; `defaults` has jpeg 9b. Each release has CPU builds beside those for CUDA.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cudadoctor.compat import conda, torch
from cudadoctor.recommend.candidates import of_release
from cudadoctor.versions import RuntimeVersion

Row = dict[str, Any]
LTS = "1.8.2"
PYTHONS = ("2.7", "3.5", "3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14")
FULL = {"8.0": "8.0.61", "9.0": "9.0.176", "9.2": "9.2.148", "10.0": "10.0.130", "10.1": "10.1.243",
        "10.2": "10.2.89", "11.0": "11.0.221"}  # fmt: skip
"""CUDA as the build strings up to 1.7.1 write it."""


def record(name: str, version: str, build: str = "0", depends: tuple[str, ...] = (), **more: Any) -> Row:
    """One package; `number` is its build number."""
    number = more.pop("number", 0)
    return {"name": name, "version": version, "build": build, "build_number": number, "depends": list(depends),
            "subdir": "linux-64", "md5": "0" * 32, "sha256": "0" * 64, "size": 1, "timestamp": 1600000000000,
            **more}  # fmt: skip


def many(name: str, versions: str, *depends: str, **more: Any) -> list[Row]:
    """The versions of a package, which all require the same."""
    return [record(name, version, "0", depends, **more) for version in versions.split()]


def _next(release: str) -> str:
    major, minor = release.split(".")
    return f"{major}.{int(minor) + 1}"


def _python(minor: str) -> str:
    return f"python >={minor},<{_next(minor)}.0a0"


def _toolkit(release: str, cuda: RuntimeVersion) -> tuple[str, ...]:
    era = conda.era(release)
    assert era is not None
    if era.name == "feature-package":
        return ()
    name = "pytorch-cuda" if era.name == "pytorch-cuda" else "cudatoolkit"
    if name == "cudatoolkit" and cuda.release == "11.0" and _order(release) >= (1, 8):
        return ("cudatoolkit >=11.0,<11.0.221",)
    return (f"{name} >={cuda.release},<{_next(cuda.release)}",)


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def upstream_release(release: str) -> list[Row]:
    """torch, torchvision and torchaudio of one release, for every Python and CUDA of the tables, and for the CPU."""
    rows: list[Row] = []
    order = _order(release)
    companions = torch.companions(release)
    assert companions is not None
    for one in of_release(release, "conda", "linux-x86_64"):
        for python in one.pythons or ("3.6", "3.7", "3.8"):
            rows += _torch(release, order, python, one.cuda)
            if companions.torchvision is not None:
                rows += _vision(release, companions.torchvision, python, one.cuda)
            if companions.torchaudio is not None and order >= (1, 7):
                rows += _audio(release, companions.torchaudio, python, one.cuda)
    return rows


def _of_cpu(order: tuple[int, ...]) -> tuple[tuple[str, ...], Row]:
    """What makes a CPU build one, by era."""
    if order < (1, 10):
        return ("cpuonly",), {"features": "cpuonly"}
    return (), {"constrains": ["cpuonly"]}


def _torch(release: str, order: tuple[int, ...], python: str, cuda: RuntimeVersion | None) -> list[Row]:
    needs = conda.run_dependencies("pytorch", release, variant="cuda" if cuda else "cpu")
    assert needs is not None, release
    base = (_python(python), *needs)
    if cuda is None and order < (1, 2):
        return [record("pytorch-cpu", release, f"py{python}_cpu_0", base)]
    if cuda is None:
        more, marks = _of_cpu(order)
        return [record("pytorch", release, f"py{python}_cpu_0", (*base, *more), **marks)]
    shown = FULL[cuda.release] if order < (1, 8) else cuda.release
    marks = {"constrains": ["cpuonly <0"]} if order >= (1, 10) else {}
    build = f"py{python}_cuda{shown}_cudnn7.6.3_0"
    if order < (1, 0, 1):
        marks = {"features": f"cuda{cuda.major}{cuda.minor}"}
    return [record("pytorch", release, build, (*base, *_toolkit(release, cuda)), **marks)]


def _vision(release: str, version: str, python: str, cuda: RuntimeVersion | None) -> list[Row]:
    needs = conda.run_dependencies("torchvision", version, variant="cuda" if cuda else "cpu")
    assert needs is not None, version
    order, short = _order(version), python.replace(".", "")
    cpu = "-cpu" if cuda is None and order < (0, 4) else ""
    if order < (0, 3):
        return [record(f"torchvision{cpu}", version, "py_3", ("python", *needs, f"pytorch{cpu} >=0.4"))]
    base = (_python(python), *needs)
    if order < (0, 4):
        if cuda is None:
            return [record("torchvision-cpu", version, f"py{short}_cuNone_1", (*base, "pytorch-cpu >=1.1.0"))]
        build = f"py{short}_cu{FULL[cuda.release]}_1"
        return [record("torchvision", version, build, (*base, "pytorch >=1.1.0", *_toolkit(release, cuda)))]
    tied = f"pytorch =={release}"
    if cuda is None:
        more, marks = _of_cpu(_order(release))
        return [record("torchvision", version, f"py{short}_cpu", (*base, tied, *more), **marks)]
    return [record("torchvision", version, f"py{short}_{cuda.tag}", (*base, tied, *_toolkit(release, cuda)))]


def _audio(release: str, version: str, python: str, cuda: RuntimeVersion | None) -> list[Row]:
    short = python.replace(".", "")
    base = (_python(python), "numpy >=1.11", f"pytorch =={release}")
    if _order(version) < (0, 10):
        return [record("torchaudio", version, f"py{short}", base)]
    return [record("torchaudio", version, f"py{short}_{cuda.tag if cuda else 'cpu'}", base)]


def _shared() -> list[Row]:
    """What conda-forge and `defaults` both have."""
    names = ("ninja", "cffi", "six", "requests", "libpng", "typing_extensions", "sympy", "filelock", "networkx",
             "jinja2", "pyyaml", "pip", "libuv", "intel-openmp")  # fmt: skip
    rows = [row for name in names for row in many(name, "1.0 2.0")]
    rows += [record("python", f"{minor}.10") for minor in PYTHONS]
    rows += many("numpy", "1.11.3 1.16.6 1.19.5 1.21.6 1.26.4 2.1.0")
    return [*rows, *many("ffmpeg", "4.2.2 4.4.2")]


def conda_forge() -> list[Row]:
    """conda-forge: no jpeg 9b, no cudatoolkit before 9.2, its own torch under other build strings."""
    rows = _shared()
    rows += many("mkl", "2018.0.3 2019.5 2020.4 2021.4.0 2022.2.1 2023.2.0 2024.0.0 2024.1.0 2024.2.2 2025.0.0")
    rows += [record("blas", "1.0", "mkl"), record("blas", "2.126", "openblas")]
    rows.append(record("blas", "2.116", "mkl", ("mkl >=2022.1.0,<2023.0a0",)))
    rows.append(record("blas", "2.126", "mkl", ("mkl >=2024.2.2,<2025.0a0",)))
    rows += many("jpeg", "9c 9d 9e")
    rows += many("libjpeg-turbo", "2.1.5 3.0.0", constrains=["jpeg <0.0.0a"])
    rows += many("pillow", "5.4.1 6.2.1 8.3.2 8.4.0 9.4.0", "jpeg >=9c,<10a")
    rows += many("pillow", "9.5.0 10.4.0 11.0.0", "libjpeg-turbo >=2.1.5,<4.0a0")
    rows += many("llvm-openmp", "14.0.6 15.0.7 18.1.8 19.1.0")
    rows += many("ffmpeg", "5.1.2 6.1.1 7.1.0")
    toolkits = "9.2.148 10.0.130 10.1.243 10.2.89 11.0.3 11.1.1 11.2.2 11.3.1 11.4.3 11.5.2 11.6.2 11.7.1 11.8.0"
    rows += many("cudatoolkit", toolkits)
    rows += [record("python-freethreading", "3.13.1"), record("python-freethreading", "3.14.0")]
    for version, vision in (("1.6.0", "0.7.0"), ("1.7.1", "0.8.2"), ("1.8.1", "0.9.1"), ("2.5.1", "0.20.1")):
        rows.append(record("pytorch", version, "cpu_py38h12345_2", (_python("3.8"),)))
        rows.append(record("pytorch", version, "cuda102py38h12345_2", (_python("3.8"), "cudatoolkit >=10.2,<10.3")))
        rows.append(record("torchvision", vision, "py38h12345_2_cpu", (_python("3.8"), f"pytorch =={version}")))
    forge = conda.forge()
    for cuda in forge.cuda_linux:
        rows.append(record("cuda-version", cuda.release, "h1", (), constrains=["__cuda >=12"]))
        build = f"cuda{cuda.release.replace('.', '')}_generic_0"
        for python in forge.pythons:
            own = f"cuda{cuda.release.replace('.', '')}_generic_py{python.replace('.', '')}_0"
            needs = (_python(python), f"cuda-version {cuda.release}.*", "__cuda")
            rows.append(record("pytorch", forge.torch, own, needs))
        rows.append(record("pytorch-gpu", forge.torch, build, (f"pytorch {forge.torch} cuda*",)))
        rows.append(
            record("torchvision", "0.28.0", build, (f"pytorch =={forge.torch}", f"cuda-version {cuda.release}.*"))
        )
    for python in forge.pythons:
        rows.append(record("pytorch", forge.torch, f"cpu_generic_py{python.replace('.', '')}_0", (_python(python),)))
    rows.append(record("pytorch-cpu", forge.torch, "cpu_0", (f"pytorch {forge.torch} cpu*",)))
    rows.append(record("torchvision", "0.28.0", "cpu_0", (f"pytorch =={forge.torch}",)))
    return rows


def defaults() -> list[Row]:
    """Anaconda's main channel: jpeg 9b, and the toolkits that upstream's own commands took from it."""
    rows = _shared()
    rows += many("mkl", "2018.0.3 2019.4 2020.2 2021.4.0 2023.1.0 2025.0.0")
    rows += [record("blas", "1.0", "mkl"), record("blas", "1.0", "openblas")]
    rows += many("jpeg", "9b 9d 9e")
    rows += many("pillow", "5.4.1 6.2.1 8.1.2", "jpeg >=9b,<10a")
    rows += many("pillow", "9.4.0 10.4.0", "jpeg >=9e,<10a")
    rows += many("llvm-openmp", "14.0.6 17.0.6")
    return [*rows, *many("cudatoolkit", "8.0 9.0 9.2 10.0.130 10.1.243 10.2.89 11.0.221 11.3.1")]


def upstream(*, lts: bool) -> list[Row]:
    """The channel `pytorch`, or `pytorch-lts`."""
    rows: list[Row] = [record("cpuonly", "1.0", "0", (), track_features="cpuonly"), *many("cpuonly", "2.0")]
    for release in torch.releases():
        if release.conda and _order(release.torch) >= (1, 0) and (release.torch == LTS) == lts:
            rows += upstream_release(release.torch)
    if lts:
        return rows
    rows += [record("pytorch-mutex", "1.0", "cuda", number=100)]
    rows += [record("pytorch-mutex", "1.0", "cpu", track_features="pytorch-mutex")]
    for cuda in conda.pytorch_cuda_versions():
        needs = (f"cuda-runtime >={cuda.release},<{_next(cuda.release)}",)
        rows.append(record("pytorch-cuda", cuda.release, "h1_5", needs))
    rows += [record(f"cuda{tag}", "1.0", "0", (), track_features=f"cuda{tag}") for tag in ("80", "90", "92", "100")]
    return rows


def nvidia() -> list[Row]:
    """NVIDIA's channel."""
    rows = many("cudatoolkit", "11.1.1")
    return rows + many("cuda-runtime", "11.6.2 11.7.1 11.8.0 12.1.1 12.4.1 12.6.3 13.0.1")


def write(folder: Path) -> dict[str, str]:
    """The address of each channel, by the name that a command gives it."""
    made = {
        "pytorch": upstream(lts=False), "pytorch-lts": upstream(lts=True), "nvidia": nvidia(),
        "conda-forge": conda_forge(), "defaults": defaults(),
    }  # fmt: skip
    if "pytorch-mutex" not in {row["name"] for row in made["pytorch-lts"]}:
        made["pytorch-lts"] += [record("pytorch-mutex", "1.0", "cuda", number=100)]
    for name, rows in made.items():
        for subdir, mine in (("linux-64", rows), ("noarch", [])):
            (folder / name / subdir).mkdir(parents=True)
            packages = {f"{row['name']}-{row['version']}-{row['build']}.tar.bz2": row for row in mine}
            text = {"info": {"subdir": subdir}, "packages": packages, "packages.conda": {}, "repodata_version": 1}
            (folder / name / subdir / "repodata.json").write_text(json.dumps(text))
    return {name: (folder / name).as_uri() for name in made}
