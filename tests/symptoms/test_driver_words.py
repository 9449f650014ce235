"""The words of CUDA's driver, NVML, nvidia-smi, fabric manager, MPS and NCCL."""

from __future__ import annotations

import pytest

from cudadoctor.compat.cuda_codes import cuda_result_name
from cudadoctor.intake.messages import find
from cudadoctor.intake.messages.find import rows
from tests.intake.tables import kinds_of

KINDS = kinds_of("driver", "cuda_codes", "nccl")


def kinds(text: str) -> set[str]:
    return KINDS & {one.kind for one in find.find([("line 1", text)])}


def values(text: str) -> dict[str, str]:
    found = [one for one in find.find([("line 1", text)]) if one.kind in KINDS]
    return {name: value for one in found for name, value in one.values.items()}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("CUDA error 803", 803),
        ("CUDA error: 803", 803),
        ("CUDA driver error: 803", 803),
        ("cudaErrorSystemDriverMismatch", 803),
        ("CUDA_ERROR_SYSTEM_DRIVER_MISMATCH", 803),
        ("Error 803: system has unsupported display driver / cuda driver combination", 803),
        ("cuda runtime error (802) : system not yet initialized at THCGeneral.cpp:50", 802),
        ("cudaGetDeviceProperties returned 802", 802),
        ('CUDA error at bandwidthTest.cu:256 code=802(cudaErrorSystemNotReady) "cudaSetDevice(0)"', 802),
        ("-> system not yet initialized", 802),
        ("transport.cc:12 Cuda failure 802 'system not yet initialized'", 802),
        ("Check failed: error == cudaSuccess (46 vs. 0)  all CUDA-capable devices are busy or unavailable", 46),
        ("cuda driver library failed to get device context 999", 999),
        ("CUDA initialization failure with error: 35", 35),
        ("failed call to cuInit: CUDA_ERROR_UNKNOWN: unknown error", 999),
        ("ggml_cuda_init: failed to initialize CUDA: no CUDA-capable device is detected", 100),
        ("Error 804: forward compatibility was attempted on non supported HW", 804),
        ("MPS client failed to connect to the MPS control daemon or the MPS server.", 805),
        ("[100] Call to cuInit results in CUDA_ERROR_NO_DEVICE", 100),
        ("cudaGetDeviceCount returned 38", 100),
        ("cuInit(0) returned 999", 999),
        ("Call to cuInit results in UNKNOWN_CUDA_ERROR", 999),
        ("CUDA unknown error - this may be due to an incorrectly set up environment", 999),
        ("cuda runtime error (30) : unknown error at THCGeneral.cpp:50", 999),
        ("CUDA driver is a stub library", 34),
        ("CUDA driver version is insufficient for CUDA runtime version", 35),
        ("CUDA error: all CUDA-capable devices are busy or unavailable", 46),
        ("CUDA error: CUDA-capable device(s) is/are busy or unavailable", 46),
        ("CUDA error: uncorrectable ECC error encountered", 214),
        ("OS call failed or operation not supported on this OS", 304),
        ("torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 320.00 MiB.", 2),
        ("cuda runtime error (3) : initialization error", 3),
        ("CUDA error: invalid device ordinal", 101),
        ("MPS server is not ready to accept new MPS client requests", 807),
    ],
)
def test_a_code_is_known_by_number_name_and_words(text: str, code: int) -> None:
    assert kinds(text) == {f"cuda-error-{code}"}


def test_names_are_those_of_the_table() -> None:
    for row in rows():
        if row.table == "cuda_codes":
            name = cuda_result_name(int(row.kind.rpartition("-")[2]))
            assert name is not None
            assert any(word == name.lower() for word, _ in row.patterns)


@pytest.mark.parametrize(
    "text",
    [
        "CUDA 10.1.243 is installed",
        "CUDA error 3.5",
        "the build took 803 seconds",
        "HTTP error 304: Not Modified",
        "driver 100.0.2",
        "cuda-toolkit-35",
        "No error 46 was seen in CUDA",
        "linker: -L/usr/local/cuda/lib64/stubs -lcuda",
        "/usr/local/cuda/lib64/stubs/libcuda.so",
        "Killed: out of memory",
        "error == cudaSuccess (0 vs. 0)",
        "wlan0 error: 802.11 is off",
        "CUDA failure rate of 100 %",
    ],
)
def test_other_numbers_and_words_are_none_of_ours(text: str) -> None:
    assert kinds(text) == set()


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Failed to initialize NVML: Driver/library version mismatch", "nvml-driver-library-mismatch"),
        ("NVML library version: 570.133", "nvml-library-version"),
        ("NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.", "smi-cannot-communicate"),
        ("Failed to initialize NVML: Driver Not Loaded", "nvml-driver-not-loaded"),
        ("Failed to initialize NVML: Unknown Error", "nvml-unknown-error"),
        ("Failed to initialize NVML: Insufficient Permissions", "nvml-insufficient-permissions"),
        ("NVIDIA-SMI couldn't find libnvidia-ml.so library in your system.", "nvml-library-not-found"),
        ("Failed to initialize NVML: GPU access blocked by the operating system", "nvml-gpu-access-blocked"),
        ("No devices were found", "smi-no-devices"),
        ("Unable to determine the device handle for GPU 0000:0B:00.0: Unknown Error", "device-handle-unknown-error"),
        ("Unable to determine the device handle for GPU0: 0000:0B:00.0: Not Found", "device-handle-not-found"),
        ("WARNING: infoROM is corrupted at gpu 0000:02:00.0", "inforom-corrupt"),
        ("  No MIG devices found  ", "no-mig-devices"),
        ("Warning: MIG mode is in pending enable state for GPU 00000000:00:03.0:Not Supported", "mig-mode-pending"),
        ("error: request failed:WARNING Nothing to do [NV_WARN_NOTHING_TO_DO]", "fabric-nothing-to-do"),
        ("Cannot find MPS control daemon process", "mps-control-unreachable"),
        ("nvidia-cuda-mps-control -d", "mps-control-running"),
        ("\tlibcuda.so.1 => /opt/cuda-12.1/lib64/stubs/libcuda.so.1 (0x00007f)", "libcuda-stub-loaded"),
        ("AttributeError: /opt/cuda-12.1/lib64/stubs/libcuda.so: undefined symbol: _undef", "libcuda-stub-loaded"),
        ("Confidential Compute GPUs Ready state: not-ready", "confidential-not-ready"),
        ("CC status: ON", "confidential-on"),
        ("License Status : Unlicensed (Unrestricted)", "vgpu-unlicensed"),
        ("size: Standard_NV36ads_A10_v5", "vgpu-size"),
        ("AMD-Vi: Event logged [IO_PAGE_FAULT device=41:00.0 domain=0x0]", "iommu-page-fault"),
        ("\t Link 3: <inactive>", "nvlink-down"),
        ("\t Link 0: 25 GB/s", "nvlink-up"),
        ("\t Link 0: 26.562 GB/s", "nvlink-up"),
        ("Setting NCCL_P2P_DISABLE=1 solves it", "nccl-p2p-disable-helps"),
    ],
)
def test_what_each_program_says(text: str, kind: str) -> None:
    assert kind in kinds(text)


def test_values_are_kept() -> None:
    said = (
        "fabric manager NVIDIA GPU driver interface version 550.90.07 don\u2019t match with driver version 550.107.02."
    )
    assert values(said) == {"manager": "550.90.07", "driver": "550.107.02"}
    assert values("WARNING: infoROM is corrupted at gpu 0000:02:00.0") == {"bus": "0000:02:00.0"}
    used = "of which 23.04 GiB is free. Process 7478 has 4.08 GiB memory in use. Including non-PyTorch memory"
    assert values(used) == {"process": "7478", "amount": "4.08", "unit": "GiB"}


@pytest.mark.parametrize(
    "text",
    [
        "With NCCL_P2P_DISABLE=1 it still does not work",
        "export NCCL_P2P_DISABLE=1",
        "NCCL_P2P_DISABLE=1 didn't help",
        "NCCL_P2P_DISABLE set by environment to 1",
    ],
)
def test_a_setting_that_is_only_named_helps_nobody(text: str) -> None:
    assert "nccl-p2p-disable-helps" not in kinds(text)
