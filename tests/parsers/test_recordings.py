"""Other people's real outputs, beside the checkout: every value that their list expects of every one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cudadoctor.parsers import (
    collect_env,
    dmesg,
    nvcc,
    proc_version,
    smi_any,
    smi_csv,
    smi_list,
    smi_q,
    smi_table,
    smi_topo,
    smi_version,
    smi_xml,
)
from cudadoctor.parsers.smi import SmiReading

FOLDER = Path(__file__).resolve().parents[2].parent / "shared" / "recordings"
LIST = FOLDER / "MANIFEST.json"
RECORDINGS: list[dict[str, Any]] = json.loads(LIST.read_text(encoding="utf-8"))["recordings"] if LIST.is_file() else []
SMI = {
    "smi_table": smi_table,
    "smi_xml": smi_xml,
    "smi_q": smi_q,
    "smi_csv": smi_csv,
    "smi_list": smi_list,
    "smi_version": smi_version,
}


def bus(text: str) -> str:
    """The bus id as this project writes it, worked out apart from the parsers."""
    domain, rest = text.lower().split(":", 1)
    return f"{int(domain, 16):04x}:{rest}"


def unbracketed(text: str) -> str:
    return text.strip("[]")


def mib(text: str) -> int:
    return int(text.removesuffix(" MiB"))


def text_of(value: object) -> str | None:
    return None if value is None else str(value)


GPU: dict[str, Any] = {
    # the list's field: what it should be in ours
    "index": lambda want, gpu: gpu.index == want,
    "name": lambda want, gpu: gpu.name == want,
    "name_shown": lambda want, gpu: gpu.name_shown == want and gpu.name_cut == want.endswith("..."),
    "persistence_or_model": lambda want, gpu: gpu.mode_shown == want,
    "bus_id": lambda want, gpu: gpu.bus_id == bus(want),
    "memory_total_mib": lambda want, gpu: gpu.memory_total_mib == want,
    "memory_used_mib": lambda want, gpu: gpu.memory_used_mib == want,
    "memory_total": lambda want, gpu: gpu.memory_total_mib == mib(want),
    "ecc_col": lambda want, gpu: gpu.ecc_shown == want,
    "fan": lambda want, gpu: gpu.fan == want,
    "compute_mode": lambda want, gpu: gpu.compute_mode == want,
    "compute_cap": lambda want, gpu: str(gpu.compute_capability) == want,
    "uuid": lambda want, gpu: gpu.uuid == want,
    "mig": lambda want, gpu: gpu.mig_mode == unbracketed(want),
    "mig_mode": lambda want, gpu: gpu.mig_mode == want,
    "mig_devices": lambda want, gpu: gpu.mig_devices == want,
    "driver_model": lambda want, gpu: gpu.driver_model == unbracketed(want),
    "architecture": lambda want, gpu: gpu.architecture == want,
    "persistence": lambda want, gpu: gpu.persistence_mode == {"Enabled": True, "Disabled": False, "N/A": None}[want],
    "virtualization": lambda want, gpu: gpu.virtualization == want,
    "license_status": lambda want, gpu: gpu.license_status == want,
    "gsp": lambda want, gpu: gpu.gsp_firmware == want,
    "fabric_state": lambda want, gpu: gpu.fabric_state == want,
    "remap_pending": lambda want, gpu: gpu.row_remap_pending == {"Yes": True, "No": False}[want],
}
READING: dict[str, Any] = {
    "driver_version": lambda want, read: text_of(read.version) == want,
    "cuda_version": lambda want, read: (
        read.cuda_version_text == want and text_of(read.cuda_version) == (want if want and want[0].isdigit() else None)
    ),
    "nvidia_smi_version": lambda want, read: str(read.smi_version) == want,
    "has_mig_section": lambda want, read: read.mig_section == want,
    "dtd": lambda want, read: read.dtd == want,
    "attached_gpus": lambda want, read: text_of(read.attached) == want,
    "columns": lambda want, read: read.columns == want,
    "ragged": lambda want, read: read.ragged == want,
    "mig_devices": lambda want, read: sum(gpu.mig_devices for gpu in read.gpus) == want,
    "lines": lambda want, read: (
        want
        == {
            "NVIDIA-SMI version": text_of(read.smi_version),
            "NVML version": text_of(read.nvml_version),
            "DRIVER version": text_of(read.version),
            "CUDA Version": text_of(read.cuda_version),
        }
    ),
}


def check_smi(expected: dict[str, Any], reading: SmiReading | None) -> list[str]:
    assert reading is not None
    gpus = expected["gpus"]
    assert len(reading.gpus) == len(gpus)
    wrong = [key for key, want in expected.items() if key != "gpus" and not READING[key](want, reading)]
    for want, gpu in zip(gpus, reading.gpus, strict=True):
        wrong += [f"gpu {gpu.index}: {key}" for key, value in want.items() if not GPU[key](value, gpu)]
    return wrong


def check_collect_env(expected: dict[str, Any], data: bytes) -> list[str]:
    report = collect_env.parse(data)
    assert report is not None
    ours: dict[str, object] = {
        "driver_version": report.driver_text,
        "cuda_version": None,
        "gpus": [{"index": index, "name": name} for index, name in report.gpus],
        "torch": report.torch,
        "torch_cuda": report.torch_cuda_text,
        "os": report.os,
        "cuda_available": report.cuda_available,
        "cuda_runtime": report.cuda_runtime,
    }
    words = {"Yes": True, "True": True, "No": False, "False": False}
    expected = expected | {"cuda_available": words[expected["cuda_available"]]}
    if expected["driver_version"][0].isdigit() and str(report.driver) != expected["driver_version"]:
        return ["driver"]
    if expected["torch_cuda"][0].isdigit() and str(report.torch_cuda) != expected["torch_cuda"]:
        return ["torch_cuda"]
    return [key for key, want in expected.items() if ours[key] != want]


def check_proc_version(expected: dict[str, Any], data: bytes) -> list[str]:
    module = proc_version.parse(data)
    assert module is not None
    ours: dict[str, object] = {
        "driver_version": str(module.version),
        "cuda_version": None,
        "gpus": [],
        "open_module": module.module == "open",
        "arch": module.arch,
    }
    return [key for key, want in expected.items() if ours[key] != want]


def check_nvcc(expected: dict[str, Any], data: bytes) -> list[str]:
    tool = nvcc.parse(data)
    assert tool is not None
    ours: dict[str, object] = {
        "driver_version": None,
        "cuda_version": None,
        "gpus": [],
        "cuda_release": tool.release.release,
        "nvcc_version": tool.version,
    }
    return [key for key, want in expected.items() if ours[key] != want] + (
        [] if str(tool.release) == tool.version else ["release"]
    )


def check_dmesg(expected: dict[str, Any], data: bytes) -> list[str]:
    messages = dmesg.parse(data)
    wanted = [item.get("xid", item.get("code")) if isinstance(item, dict) else int(item) for item in expected["xids"]]
    return [] if [xid.code for xid in messages.xids] == wanted else ["xids"]


@pytest.mark.skipif(
    not RECORDINGS, reason="no folder `shared` beside the checkout: its recordings are not part of the project"
)
def test_the_recordings_are_there() -> None:
    assert len(RECORDINGS) >= 77


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda recording: recording["id"])
def test_recording(recording: dict[str, Any]) -> None:
    data = (FOLDER / recording["file"]).read_bytes()
    kind, expected = recording["kind"], recording["expected"]
    if kind in SMI:
        reading = SMI[kind].parse(data)
        wrong = check_smi(expected, reading)
        assert smi_any.parse(data) == reading, "another form was taken for this one"
    elif kind == "smi_topo":
        matrix = smi_topo.parse(data)
        assert matrix is not None
        wrong = [] if matrix.complete and matrix.link("GPU0", "GPU0") == "X" else ["links"]
    else:
        checks = {
            "collect_env": check_collect_env,
            "proc_version": check_proc_version,
            "nvcc": check_nvcc,
            "dmesg": check_dmesg,
        }
        wrong = checks[kind](expected, data)
    assert wrong == []
    for name, form in SMI.items():
        if name != kind and kind not in SMI:
            assert form.parse(data) is None, f"taken for {name}"
