"""`nvcc --version`."""

# ruff: noqa: E501  the texts of tools are long lines
from __future__ import annotations

import pytest

from cudadoctor.compat.cuda_codes import SOURCE, cuda_result_name
from cudadoctor.parsers import nvcc
from cudadoctor.versions import ToolkitVersion

NEW = """nvcc: NVIDIA (R) Cuda compiler driver
Copyright (c) 2005-2031 NVIDIA Corporation
Built on Wed_Jan__8_10:11:12_PST_2031
Cuda compilation tools, release 12.4, V12.4.131
Build cuda_12.4.r12.4/compiler.11111111_0
"""


@pytest.mark.parametrize(
    "text", [NEW, "$ nvcc -V\r\n" + NEW.replace("\n", "\r\n"), "".join(f"> {line}\n" for line in NEW.splitlines()), NEW.replace("release 12.4,", "release\n12.4,")]
)  # fmt: skip
def test_the_values(text: str) -> None:
    read = nvcc.parse(text)
    assert read is not None
    assert (read.release, read.version, read.program) == (ToolkitVersion(12, 4, 131), "12.4.131", "nvcc")
    assert (read.build, read.built) == ("cuda_12.4.r12.4/compiler.11111111_0", "Wed Jan 8 10:11:12 PST 2031")


def test_what_is_left_of_a_cut_one() -> None:
    cut = nvcc.parse(NEW[: NEW.index(", V12")])
    assert cut is not None
    assert (cut.release, cut.version) == (ToolkitVersion(12, 4), None)
    build = nvcc.parse("Build cuda_11.1.TC455_06.22222222_0")
    assert build is not None
    assert build.release == ToolkitVersion(11, 1)


@pytest.mark.parametrize("text", ["", "nvcc: command not found", "release 10.1, V10.1.243", "Build cuda_x"])
def test_what_is_none(text: str) -> None:
    assert nvcc.parse(text) is None


@pytest.mark.parametrize(
    ("code", "name"),
    [(0, "CUDA_SUCCESS"), (2, "CUDA_ERROR_OUT_OF_MEMORY"), (34, "CUDA_ERROR_STUB_LIBRARY"), (35, "cudaErrorInsufficientDriver"),
     (46, "CUDA_ERROR_DEVICE_UNAVAILABLE"), (100, "CUDA_ERROR_NO_DEVICE"), (101, "CUDA_ERROR_INVALID_DEVICE"),
     (209, "CUDA_ERROR_NO_BINARY_FOR_GPU"), (222, "CUDA_ERROR_UNSUPPORTED_PTX_VERSION"), (304, "CUDA_ERROR_OPERATING_SYSTEM"),
     (802, "CUDA_ERROR_SYSTEM_NOT_READY"), (803, "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH"),
     (804, "CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE"), (805, "CUDA_ERROR_MPS_CONNECTION_FAILED"), (999, "CUDA_ERROR_UNKNOWN"),
     (5000, None), (-1, None)],
)  # fmt: skip
def test_names_of_error_codes(code: int, name: str | None) -> None:
    assert cuda_result_name(code) == name
    assert SOURCE[1].startswith("https://docs.nvidia.com/")
