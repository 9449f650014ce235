"""Messages of nvcc, torch's builder, NCCL, loaders and allocators are known by their words."""

# ruff: noqa: E501  the texts of tools are long lines
from __future__ import annotations

import pytest

from cudadoctor.intake.messages.find import find
from tests.intake.tables import kinds_of

SAID = {
    "/opt/x/include/crt/host_config.h:139:2: error: #error -- unsupported GNU version! gcc versions later than 12 are not supported! The nvcc flag can be used": (
        "unsupported-host-compiler",
        {"newest": "12"},
    ),
    "#error -- unsupported GNU version! gcc 4.10 and up are not supported!": (
        "unsupported-host-compiler",
        {"below": "4.10"},
    ),
    "#error -- unsupported clang version! clang version must be less than 16 and greater than 3.2 .": (
        "unsupported-host-compiler",
        {"below": "16"},
    ),
    "fatal error C1189: #error:  -- unsupported Microsoft Visual Studio version! Only the versions between 2017 and 2022 (inclusive) are supported!": (
        "unsupported-host-compiler",
        {"from": "2017", "newest": "2022"},
    ),
    "RuntimeError: The current installed version of g++ (11.2.0) is greater than the maximum required version by CUDA 10.2 (8.0.0).": (
        "unsupported-host-compiler",
        {"found": "11.2.0", "newest": "8"},
    ),
    "RuntimeError: The current installed version of /usr/bin/g++ (4.8.5) is less than the minimum required version by CUDA 11.3 (5.0.0).": (
        "unsupported-host-compiler",
        {"found": "4.8.5", "oldest": "5"},
    ),
    "nvcc fatal   : Unsupported gpu architecture 'compute_120a'": ("unsupported-gpu-architecture", {"arch": "120"}),
    "nvcc fatal : Value 'sm_89' is not defined for option 'gpu-architecture'": (
        "unsupported-gpu-architecture",
        {"arch": "89"},
    ),
    "The detected CUDA version (12.2) mismatches the version that was used to compile": (
        "detected-cuda-mismatches-torch",
        {"detected": "12.2"},
    ),
    "    PyTorch (11.7). Please make sure to use the same CUDA versions.": (
        "torch-was-compiled-with-cuda",
        {"torch": "11.7"},
    ),
    "OSError: CUDA_HOME environment variable is not set. Please set it to your CUDA install root.": (
        "cuda-home-not-set",
        {},
    ),
    "error: [Errno 2] No such file or directory: ':/usr/local/cuda-11.1/bin/nvcc'": (
        "nvcc-path-is-a-list",
        {"path": ":/usr/local/cuda-11.1/bin/nvcc"},
    ),
    "/bin/sh: 1: /usr/local/cuda:/usr/local/cuda/bin/nvcc: not found": (
        "nvcc-path-is-a-list",
        {"path": "/usr/local/cuda:/usr/local/cuda/bin/nvcc"},
    ),
    "FileNotFoundError: [Errno 2] No such file or directory: '/opt/cuda-9/bin/nvcc'": (
        "nvcc-not-at-cuda-home",
        {"root": "/opt/cuda-9"},
    ),
    "src/x.cu:3:10: fatal error: cudnn.h: No such file or directory": ("cudnn-header-missing", {}),
    "x.h:8:10: fatal error: cusparse.h: No such file or directory": (
        "toolkit-header-missing",
        {"header": "cusparse.h"},
    ),
    "x.cu:2:10: fatal error: thrust/device_vector.h: No such file or directory": (
        "toolkit-header-missing",
        {"header": "thrust/device_vector.h"},
    ),
    'mathcalls.h(79): error: exception specification is incompatible with that of previous function "cospi" (declared at line 2601': (
        "math-header-conflict",
        {"function": "cospi"},
    ),
    "RuntimeError: Ninja is required to load C++ extensions (pip install ninja to get it)": (
        "build-tool-missing",
        {"tool": "Ninja"},
    ),
    "error: command 'gcc' failed: No such file or directory": ("build-tool-missing", {"tool": "gcc"}),
    "error: command 'x86_64-linux-gnu-g++' failed: No such file or directory": (
        "build-tool-missing",
        {"tool": "x86_64-linux-gnu-g++"},
    ),
    "RuntimeError: Failed to find C compiler. Please specify via CC environment variable.": (
        "build-tool-missing",
        {"tool": "C compiler"},
    ),
    "include/shm.h:28 NCCL WARN Call to posix_fallocate failed : No space left on device": ("shared-memory-full", {}),
    "RuntimeError: unable to allocate shared memory(shm) for file </torch_1_2_3>: No space left on device (28)": (
        "shared-memory-full",
        {},
    ),
    "NCCL WARN Error while creating shared memory segment /dev/shm/nccl-Yx3 (size 33030528), error: No space left on device (28)": (
        "shared-memory-segment-failed",
        {"error": "No space left on device "},
    ),
    "RuntimeError: DataLoader worker (pid 271) is killed by signal: Bus error. It is possible that dataloader's workers are out of shared memory.": (
        "shared-memory-workers",
        {},
    ),
    "misc/ibvwrap.cc:262 NCCL WARN Call to ibv_create_cq failed with error Cannot allocate memory": (
        "memory-registration-refused",
        {"call": "ibv_create_cq"},
    ),
    "ib_md.c:309 UCX ERROR ibv_reg_mr(address=0x7f, length=4096, access=0xf) failed: Cannot allocate memory": (
        "memory-registration-refused",
        {"call": "ibv_reg_mr"},
    ),
    "RuntimeError: Unrecognized CachingAllocator option: expandable_segments": (
        "allocator-option-refused",
        {"option": "expandable_segments"},
    ),
    "RuntimeError: Expected a single True/False argument for expandable_segments": (
        "allocator-option-refused",
        {"value": "expandable_segments"},
    ),
    "PermissionError: [Errno 13] Permission denied: '/home/u/.triton/cache/abc'": (
        "cache-permission-denied",
        {"path": "/home/u/.triton/cache/abc"},
    ),
    "ImportError: /tmp/x/cuda_utils.so: failed to map segment from shared object": (
        "mapping-refused",
        {"path": "/tmp/x/cuda_utils.so"},
    ),
    "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device": ("disk-full", {}),
    "ImportError: Error relocating /usr/lib/python3.12/site-packages/torch/lib/libtorch.so: __memcpy_chk: symbol not found": (
        "musl-loader",
        {},
    ),
    "RuntimeError: No CUDA GPUs are available": ("program-finds-no-gpu", {}),
    "RuntimeError: CUDA error: invalid device ordinal": ("device-index-too-high", {}),
    "RuntimeError: Attempting to deserialize object on CUDA device 3 but torch.cuda.device_count() is 1.": (
        "device-index-too-high",
        {"device": "3", "count": "1"},
    ),
}
SILENT = [
    "UserWarning: The detected CUDA version (11.4) has a minor version mismatch with the version that was used to compile PyTorch (11.3).",
    "bash: /usr/local/cuda/bin/nvcc: No such file or directory",
    "NCCL WARN Call to ibv_reg_mr failed with error Bad address",
    "PermissionError: [Errno 13] Permission denied: '/etc/passwd'",
    "Found no NVIDIA driver on your system",
    "fatal error: opencv2/core.hpp: No such file or directory",
    "inotify: No space left on device",
]


@pytest.mark.parametrize("text", SAID)
def test_a_message_is_known(text: str) -> None:
    kind, values = SAID[text]
    found = [one for one in find([("line 1", text)]) if one.kind == kind]
    assert len(found) == 1
    assert {name: found[0].values.get(name) for name in values} == values


@pytest.mark.parametrize("text", SILENT)
def test_other_words_say_nothing(text: str) -> None:
    mine = kinds_of("shell", "toolkit")
    assert [one.kind for one in find([("line 1", text)]) if one.kind in mine] == []


def test_every_kind_is_shown() -> None:
    assert kinds_of("shell", "toolkit") == {kind for kind, _ in SAID.values()}
