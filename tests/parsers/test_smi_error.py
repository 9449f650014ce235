"""nvidia-smi's failures."""

# ruff: noqa: E501  the texts of tools are long lines
from __future__ import annotations

import pytest

from cudadoctor.parsers import smi_error

HANDLE = "Unable to determine the device handle for"


@pytest.mark.parametrize(
    ("text", "kind", "code"),
    [
        (
            "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that …",
            "driver-not-loaded",
            9,
        ),
        ("Failed to initialize NVML: Driver/library version mismatch", "version-mismatch", 18),
        ("No devices were found", "no-devices", 6),
        ("Failed to initialize NVML: Insufficient Permissions", "no-permission", 4),
        ("NVIDIA-SMI couldn't find libnvidia-ml.so library in your system. Please …", "library-missing", 12),
        ("NVIDIA-SMI couldn't find nvml.dll library in your system.", "library-missing", 12),
        ("Failed to initialize NVML: Unknown Error", "nvml-unknown-error", 255),
        ("Failed to initialize NVML: GPU access blocked by the operating system", "os-blocked", 17),
        ("Failed to initialize NVML: N/A", "other", 255),
        (f"{HANDLE} GPU 0000:0A:00.0: GPU is lost.  Reboot the system to recover this GPU", "gpu-lost", 15),
        (f"{HANDLE} GPU0: 0000:0A:00.0: Unknown Error", "gpu-unknown-error", 255),
        (f"{HANDLE} GPU0000:0A:00.0: Unknown Error", "gpu-unknown-error", 255),
        (f"{HANDLE} gpu 0000:0A:00.0: Not Found", "gpu-not-found", 6),
        ("WARNING: infoROM is corrupted at gpu 0000:0A:00.0", "inforom-corrupt", 14),
        ('Field "compute_cap" is not a valid field to query.', "bad-argument", 2),
        ("bash: nvidia-smi: command not found", "not-installed", 127),
        ("zsh: command not found: nvidia-smi", "not-installed", 127),
        ("'nvidia-smi' is not recognized as an internal or external command,", "not-installed", 127),
        ("Command 'nvidia-smi' not found, but can be installed with:", "not-installed", 127),
    ],
)
def test_texts(text: str, kind: str, code: int) -> None:
    error = smi_error.parse(f"user@host:~$ nvidia-smi\r\n\x1b[0m{text}\r\n", code)
    assert error is not None
    assert (error.kind, error.code) == (kind, code)
    assert smi_error.parse(text) is not None


@pytest.mark.parametrize(
    ("code", "kind"),
    [(2, "bad-argument"), (3, "not-supported"), (4, "no-permission"), (6, "no-devices"), (8, "power-cables"), (9, "driver-not-loaded"),
     (10, "interrupt"), (12, "library-missing"), (13, "function-missing"), (14, "inforom-corrupt"), (15, "gpu-lost"),
     (18, "version-mismatch"), (255, "other"), (77, "other")],
)  # fmt: skip
def test_exit_status_alone(code: int, kind: str) -> None:
    error = smi_error.parse("", code)
    assert error is not None
    assert (error.kind, error.code, error.message) == (kind, code, None)


def test_no_failure() -> None:
    assert smi_error.parse("", 0) is None
    assert smi_error.parse("a table", None) is None
    assert smi_error.parse("adb: error: no devices found in list of 5") is None


def test_the_text_is_believed_before_the_exit_status() -> None:
    error = smi_error.parse(
        "Failed to initialize NVML: Driver/library version mismatch\nNVML library version: 570.86\n", 0
    )
    assert error is not None
    assert (error.kind, str(error.library_version)) == ("version-mismatch", "570.86")


def test_gpus_are_named_once_and_the_most_telling_text_counts() -> None:
    text = (
        f"{HANDLE} GPU1: 0000:0B:00.0: GPU is lost\n{HANDLE} GPU1: 0000:0B:00.0: GPU is lost\nNo devices were found\n"
    )
    error = smi_error.parse(text, 6)
    assert error is not None
    assert (error.kind, error.bus_ids) == ("gpu-lost", ("0000:0b:00.0",))
