"""/proc/driver/nvidia/version."""

# ruff: noqa: E501  the texts of tools are long lines
from __future__ import annotations

import pytest

from cudadoctor.parsers import proc_version

GCC = "GCC version:  gcc version 13.9.0 (Sample 13.9.0-1)\n"


@pytest.mark.parametrize(
    ("line", "version", "module", "arch", "built"),
    [
        ("NVRM version: NVIDIA UNIX x86_64 Kernel Module  418.39  Sat Feb  9 19:19:37 CST 2019", "418.39", "proprietary", "x86_64", "Sat Feb 9 19:19:37 CST 2019"),
        ("NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.65.06  Release Build  (me@there)  Sun Jul 27 07:18:52 UTC 2025", "580.65.06", "open", "x86_64", "Sun Jul 27 07:18:52 UTC 2025"),
        ("NVRM version: NVIDIA UNIX Open Kernel Module for aarch64  540.4.0  Release Build  (me", "540.4.0", "open", "aarch64", None),
        ("NVRM version: NVIDIA UNIX aarch64 Kernel Module  35.4.1  Mo 2. Jan 11:53:35 CEST 2023", "35.4.1", "proprietary", "aarch64", "Mo 2. Jan 11:53:35 CEST 2023"),
        ("NVRM version:  NVIDIA UNIX x86 Kernel Module  340.108", "340.108", "proprietary", "x86", None),
        ("NVIDIA UNIX x86_64 Kernel Module  390.87  Tue Aug 21 18:45:45 PDT 2018", "390.87", "proprietary", "x86_64", "Tue Aug 21 18:45:45 PDT 2018"),
    ],
)  # fmt: skip
def test_forms(line: str, version: str, module: str, arch: str, built: str | None) -> None:
    for text in (
        f"{line}\n{GCC}",
        f"$ cat /proc/driver/nvidia/version\r\n> {line}\r\n> {GCC}",
        f"[    1.5] {line}\n{GCC}".encode(),
    ):
        read = proc_version.parse(text)
        assert read is not None
        assert (str(read.version), read.module, read.arch, read.built) == (version, module, arch, built)
        assert read.compiler == "gcc version 13.9.0 (Sample 13.9.0-1)"


@pytest.mark.parametrize(
    ("line", "module"),
    [
        ("NVRM version: NVIDIA UNIX Open Kernel Module", "open"),
        ("NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  ", "open"),
        ("NVRM version: NVIDIA UNIX x86_64 Kernel Module", "proprietary"),
    ],
)
def test_cut_before_the_version(line: str, module: str) -> None:
    read = proc_version.parse(line)
    assert read is not None
    assert (read.version, read.module) == (None, module)


def test_the_file_is_preferred_to_the_kernel_log() -> None:
    log = "[   1.0] NVRM: loading NVIDIA UNIX x86_64 Kernel Module  430.40  Sun Jul 21 2019\n"
    read = proc_version.parse(log + "NVRM version: NVIDIA UNIX x86_64 Kernel Module  470.57.02  Tue\n" + GCC)
    assert read is not None
    assert str(read.version) == "470.57.02"
    assert proc_version.parse(log) is None


@pytest.mark.parametrize("text", ["", GCC, "NVRM: API mismatch", "Kernel Module 12.3"])
def test_what_is_none(text: str) -> None:
    assert proc_version.parse(text) is None
