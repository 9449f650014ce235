"""Names of *-info folders, and pins in METADATA."""

from __future__ import annotations

import pytest

from cudadoctor.parsers import metadata


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("torch-2.13.0+cpu.dist-info", ("torch", "2.13.0+cpu")),
        ("nvidia_cublas_cu12-12.4.5.8.dist-info", ("nvidia-cublas-cu12", "12.4.5.8")),
        ("numpy-1.18.1-py3.7.egg-info", ("numpy", "1.18.1")),
        ("torch-1.4.0-py3.7-linux-x86_64.egg-info", ("torch", "1.4.0")),
        ("flash_attn-2.5.8+cu122torch2.3cxx11abiFALSE.dist-info", ("flash-attn", "2.5.8+cu122torch2.3cxx11abifalse")),
        ("torch-2.1.0a0+41361538.nv23.06.dist-info", ("torch", "2.1.0a0+41361538.nv23.06")),
        ("PyYAML.egg-info", None),
        ("torch", None),
    ],
)
def test_folder(name: str, expected: tuple[str, str] | None) -> None:
    found = metadata.folder(f"/x/site-packages/{name}")
    assert (found and (found[0], found[1].lower())) == expected


@pytest.mark.parametrize(
    ("line", "pin"),
    [
        ("Requires-Dist: torch (==1.4.0)", "1.4.0"),
        ("Requires-Dist: torch==2.4.0", "2.4.0"),
        ("Requires-Dist: torch==2.4.0+cu121 ; extra == 'x'", "2.4.0+cu121"),
        ("Requires-Dist: torch>=1.2.0", None),
        ("Requires-Dist: torch", None),
        ("Requires-Dist: torch==2.*", None),
        ("Requires-Dist: torchx==2.4.0", None),
        ("Requires-Dist: torch<3,>=2", None),
    ],
)
def test_pinned(line: str, pin: str | None) -> None:
    assert metadata.pinned(f"Metadata-Version: 2.1\nName: x\n{line}\n\nRequires-Dist: torch==9.9\n", "torch") == pin


def test_exact_pins() -> None:
    text = """\
Name: torch
Requires-Dist: filelock
Requires-Dist: nvidia-cudnn-cu12==9.1.0.70; platform_system == "Linux" and platform_machine == "x86_64"
Requires-Dist: nvidia-nvjitlink<14,>=13.0.39; platform_system == "Linux"
Requires-Dist: triton==3.1.0; platform_system == "Linux" and python_version < "3.13"
Requires-Dist: cuda-toolkit[cublas,cudart]==13.0.2; platform_system == "Linux"
Requires-Dist: nvidia-extra==1.0; extra == "opt"
Requires-Dist: sympy==1.13.1

Requires-Dist: nvidia-description==1
"""
    assert metadata.exact_pins(text) == (("nvidia-cudnn-cu12", "9.1.0.70"), ("cuda-toolkit", "13.0.2"))
