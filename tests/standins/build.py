"""Compiles the stand-in libraries, once for each state of their sources, and writes their answers."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SONAMES = {"libcuda": "libcuda.so.1", "libnvml": "libnvidia-ml.so.1"}


def compiler() -> str:
    """The C compiler of this machine. Skips the test, and says so, where there is none."""
    found = shutil.which("gcc") or shutil.which("cc") or shutil.which("clang")
    if found is None:
        pytest.skip("no C compiler: the stand-in libraries cannot be built")
    return found


def library(name: str) -> Path:
    """The directory with the compiled `libcuda` or `libnvml` under its soname, to be put on LD_LIBRARY_PATH."""
    soname = SONAMES[name]
    sources = [HERE / f"{name}.c", HERE / "standin.h"]
    digest = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:16]
    folder = Path(tempfile.gettempdir()) / f"cudadoctor-standins-{os.getuid()}-{digest}" / name
    if not (folder / soname).exists():
        compile_library(sources[0].read_text(), folder, soname)
    return folder


def compile_library(source: str, folder: Path, soname: str, *flags: str) -> Path:
    """Compile C text to `folder/soname`; whole or not at all, so that two runs side by side do not meet."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    target = folder / soname
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        made = Path(scratch) / soname
        command = [
            compiler(),
            "-x",
            "c",
            "-",
            "-shared",
            "-fPIC",
            "-O1",
            f"-I{HERE}",
            f"-Wl,-soname,{soname}",
            "-o",
            str(made),
        ]
        done = subprocess.run(
            [*command, "-x", "none", *flags], input=source, text=True, capture_output=True, check=False, timeout=120
        )
        assert done.returncode == 0, done.stderr
        made.replace(target)
    return target


def answers(path: Path, **values: object) -> Path:
    """Write the file that STANDIN_CUDA or STANDIN_NVML names. Keys with dots: `**{"hang.cuInit": 60}`."""
    path.write_text("".join(f"{key}={value}\n" for key, value in values.items()))
    return path


def cuda_environment(folder: Path, **values: object) -> Mapping[str, str]:
    """Variables for a child that is to find the stand-in libcuda with these answers."""
    file = answers(folder / "cuda.answers", **values)
    return {"LD_LIBRARY_PATH": str(library("libcuda")), "STANDIN_CUDA": str(file)}


def nvml_environment(folder: Path, **values: object) -> Mapping[str, str]:
    """Variables for a child that is to find the stand-in NVML with these answers."""
    file = answers(folder / "nvml.answers", **values)
    return {"LD_LIBRARY_PATH": str(library("libnvml")), "STANDIN_NVML": str(file)}
