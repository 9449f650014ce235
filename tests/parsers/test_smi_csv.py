"""`nvidia-smi --query-gpu=… --format=csv`, `-L` and `--version`."""

# ruff: noqa: E501  the texts of tools are long lines
from __future__ import annotations

from collections.abc import Callable

import pytest

from cudadoctor.parsers import smi_csv, smi_list, smi_version
from cudadoctor.versions import ComputeCapability
from tests.parsers.samples import UUIDS

HEAD = "index, name, uuid, driver_version, pci.bus_id, memory.total [MiB], memory.used [MiB], compute_cap, mig.mode.current"
ONE = f"0, NVIDIA Sample 9000, {UUIDS[0]}, 570.10.01, 00000000:0A:00.0, 24576 MiB, 1 MiB, 8.6, [N/A]"
TWO = f"1, NVIDIA Sample 9000, {UUIDS[1]}, 570.10.01, 00000000:0B:00.0, 24576 MiB, 2 MiB, 8.6, Enabled"


def test_the_values() -> None:
    read = smi_csv.parse(f"{HEAD}\n{ONE}\n{TWO}\n")
    assert read is not None
    assert (str(read.version), read.columns, read.ragged, read.complete) == ("570.10.01", 9, False, True)
    one, two = read.gpus
    assert (one.name, one.uuid, one.bus_id) == ("NVIDIA Sample 9000", UUIDS[0], "0000:0a:00.0")
    assert (one.memory_total_mib, one.memory_used_mib, one.mig_mode) == (24576, 1, "N/A")
    assert one.compute_capability == ComputeCapability(8, 6)
    assert (two.index, two.mig_mode) == (1, "Enabled")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text.replace(" MiB", ""),
        lambda text: text.replace(", ", ","),
        lambda text: "\n".join(",".join(f'"{cell}"' for cell in line.split(", ")) for line in text.splitlines()),
        lambda text: text.replace("\n", "\r\n"),
        lambda text: "$ nvidia-smi --query-gpu=index,name --format=csv\n" + text + "\nand then, well, this happened\n",
        lambda text: text.encode("utf-16"),
        lambda text: "".join(f"> {line}\n" for line in text.splitlines()),
        lambda text: text.replace(
            "\n", "\nUnable to determine the device handle for GPU2: 0000:0C:00.0: Unknown Error\n", 1
        ),
    ],
)
def test_what_pasting_does(spoil: Callable[[str], str | bytes]) -> None:
    read = smi_csv.parse(spoil(f"{HEAD}\n{ONE}\n{TWO}"))
    assert read is not None
    assert [(gpu.name, gpu.memory_total_mib, gpu.uuid) for gpu in read.gpus] == [
        ("NVIDIA Sample 9000", 24576, UUIDS[0]),
        ("NVIDIA Sample 9000", 24576, UUIDS[1]),
    ]


def test_without_header() -> None:
    names = ("name", "memory.total", "compute_cap")
    read = smi_csv.parse("NVIDIA Sample 9000, 24576 MiB, 9.0\n", names)
    assert read is not None
    assert [(gpu.index, gpu.name, gpu.memory_total_mib) for gpu in read.gpus] == [(0, "NVIDIA Sample 9000", 24576)]
    assert smi_csv.parse("No devices were found\n", names) is None
    assert smi_csv.parse("No devices were found\n", ("name",)) is None


def test_ragged_rows() -> None:
    short = smi_csv.parse("\n".join([HEAD, ONE, TWO[: TWO.index(" MiB, 2")]]))
    assert short is not None
    assert (short.ragged, short.complete) == (True, False)
    assert [(gpu.uuid, gpu.memory_total_mib) for gpu in short.gpus] == [(UUIDS[0], 24576), (UUIDS[1], None)]
    long = smi_csv.parse("\n".join([HEAD, ONE.replace("00000000:0A:00.0", "[1, 2, 3], 00000000:0A:00.0")]))
    assert long is not None
    assert long.ragged
    gpu = long.gpus[0]
    assert (gpu.uuid, gpu.bus_id, gpu.memory_total_mib) == (UUIDS[0], "0000:0a:00.0", 24576)
    assert gpu.compute_capability == ComputeCapability(8, 6)


def test_values_that_are_none() -> None:
    row = ONE.replace("24576 MiB", "[Not Supported]").replace(UUIDS[0], "[GPU is lost]").replace("8.6", "[N/A]")
    read = smi_csv.parse(f"{HEAD}\n{row}")
    assert read is not None
    gpu = read.gpus[0]
    assert (gpu.uuid, gpu.memory_total_mib, gpu.compute_capability, gpu.lost) == (None, None, None, True)


def test_a_header_alone_has_no_gpus() -> None:
    read = smi_csv.parse(f"{HEAD}\nNo devices were found\n")
    assert read is not None
    assert read.gpus == ()


@pytest.mark.parametrize(
    "text",
    [
        "",
        'Field "compute_cap" is not a valid field to query.\n',
        "No devices were found",
        "gpu_uuid, pid, used_memory [MiB]\nGPU-1, 2, 3 MiB",
        "so, this is a sentence\nwith, two, lines",
        "first line\nname\nNVIDIA",
    ],
)
def test_what_is_no_csv(text: str) -> None:
    assert smi_csv.parse(text) is None


def test_list() -> None:
    text = f"""GPU 0: NVIDIA Sample 9000 (UUID: {UUIDS[0]})
  MIG 1g.5gb      Device  0: (UUID: MIG-1)
  MIG 3g.20gb Device 1: (UUID: MIG-GPU-2/3/0)
GPU 1: Sample (nvgpu) (UUID: {UUIDS[1]})
GPU 2: Other (UUID: GPU is lost)
"""
    read = smi_list.parse("$ nvidia-smi -L\n" + text + "\n" + text)
    assert read is not None
    assert [(gpu.index, gpu.name, gpu.uuid, gpu.mig_devices, gpu.lost) for gpu in read.gpus] == [
        (0, "NVIDIA Sample 9000", UUIDS[0], 2, False),
        (1, "Sample (nvgpu)", UUIDS[1], 0, False),
        (2, "Other", None, 0, True),
    ]
    assert (read.complete, read.mig_section) == (True, True)


def test_list_that_is_cut_or_lacks_a_gpu() -> None:
    cut = smi_list.parse(f"GPU 0: A (UUID: {UUIDS[0]})\nGPU 1: B (UUID: GPU-66")
    assert cut is not None
    assert (cut.complete, [gpu.uuid for gpu in cut.gpus]) == (False, [UUIDS[0], None])
    lacking = smi_list.parse(
        f"GPU 0: A (UUID: {UUIDS[0]})\nUnable to determine the device handle for GPU1: 0000:0B:00.0: Unknown Error"
    )
    assert lacking is not None
    assert not lacking.complete
    assert smi_list.parse("GPU models and configuration: GPU 0: A\nGPU 1: B") is None


VERSIONS = {
    "560": (
        "NVIDIA-SMI version  : 560.28.03",
        "NVML version : 560.28",
        "DRIVER version : 560.28.03",
        "CUDA Version : 12.6",
    ),
    "610": (
        "NVIDIA-SMI version : 610.11",
        "NVML version : 610.11",
        "DRIVER version : 610.10 [Deprecated]",
        "KMD version : 610.11",
        "CUDA UMD version : 13.3",
    ),
    "wsl": (
        "$ nvidia-smi --version\r",
        "NVIDIA-SMI version : 545.10\r",
        "DRIVER version : 546.80\r",
        "CUDA Version : ERR!\r",
    ),
}


@pytest.mark.parametrize(
    ("name", "driver", "cuda"), [("560", "560.28.03", "12.6"), ("610", "610.11", "13.3"), ("wsl", "546.80", None)]
)
def test_version(name: str, driver: str, cuda: str | None) -> None:
    read = smi_version.parse("\n".join(VERSIONS[name]))
    assert read is not None
    assert (str(read.version), str(read.cuda_version) if read.cuda_version else None) == (driver, cuda)
    assert read.complete


def test_what_is_no_version_form() -> None:
    assert smi_version.parse("Driver Version : 560.28\nCUDA Version : 12.6") is None
    assert smi_version.parse("ERROR: Option --version is not recognized. Please run 'nvidia-smi -h'.") is None
