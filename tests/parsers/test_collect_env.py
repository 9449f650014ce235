"""torch.utils.collect_env."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cudadoctor.parsers import collect_env
from cudadoctor.versions import RuntimeVersion

NEW = """Collecting environment information...
PyTorch version: 2.9.0+cu128
Is debug build: False
CUDA used to build PyTorch: 12.8
ROCM used to build PyTorch: N/A

OS: Sample Linux 3 (x86_64)
GCC version: (Sample) 13.9.0
Libc version: glibc-2.39

Python version: 3.12.1 (main, Jan  5 2026, 10:11:12) [GCC 13.9.0] (64-bit runtime)
Python platform: Linux-6.1-x86_64
Is CUDA available: True
CUDA runtime version: 12.4.131
CUDA_MODULE_LOADING set to: LAZY
GPU models and configuration:
GPU 0: NVIDIA Sample 9000
  MIG 1g.5gb      Device  0:
GPU 1: NVIDIA Sample 9000

Nvidia driver version: 570.86.10
cuDNN version: Probably one of the following:
/usr/lib/libcudnn.so.9.1.0
/usr/lib/libcudnn_ops.so.9.1.0
HIP runtime version: N/A
Is XNNPACK available: True

Versions of relevant libraries:
[pip3] numpy==2.1.0
[pip3] torch==2.9.0+cu128
[conda] pytorch                   2.9.0           py3.12_cuda12.8_cudnn9_0    pytorch
[conda] Could not collect
"""
OLD = """PyTorch version: 1.0.0
Is debug build: No
CUDA used to build PyTorch: 9.0.176

OS: Sample 1
Is CUDA available: Yes
CUDA runtime version: Could not collect
GPU models and configuration: GPU 0: Sample 100
Nvidia driver version: 390.31
"""
VLLM = """==============================
        System Info
==============================
OS                           : Sample Linux 3 (x86_64)
==============================
       PyTorch Info
==============================
PyTorch version              : 2.9.0+cu128
CUDA used to build PyTorch   : 12.8
Is CUDA available            : True
GPU models and configuration :
GPU 0: NVIDIA Sample 9000
GPU 1: NVIDIA Sample 9000

Nvidia driver version        : 570.86.10
"""


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text,
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.encode("utf-16"),
        lambda text: text.encode("utf-16-le"),
        lambda text: text.encode("utf-16-le").decode("latin-1"),
        lambda text: "".join(f"> {line}\n" for line in text.splitlines()),
        lambda text: "".join(f"    {line}\n" for line in text.splitlines()),
        lambda text: "### Versions\nOS: something the form asked\n```\n" + text + "```\n",
        lambda text: text + text,
    ],
)
def test_the_values(spoil: Callable[[str], str | bytes]) -> None:
    read = collect_env.parse(spoil(NEW))
    assert read is not None
    assert (read.torch, read.torch_cuda, read.cuda_available) == ("2.9.0+cu128", RuntimeVersion(12, 8), True)
    assert (read.os, read.cuda_runtime, str(read.driver)) == ("Sample Linux 3 (x86_64)", "12.4.131", "570.86.10")
    assert read.gpus == ((0, "NVIDIA Sample 9000"), (1, "NVIDIA Sample 9000"))
    assert read.cudnn == ("/usr/lib/libcudnn.so.9.1.0", "/usr/lib/libcudnn_ops.so.9.1.0")
    assert [(item.installer, item.name, item.version) for item in read.packages] == [
        ("pip", "numpy", "2.1.0"),
        ("pip", "torch", "2.9.0+cu128"),
        ("conda", "pytorch", "2.9.0"),
    ]
    assert (read.packages[2].build, read.packages[2].channel) == ("py3.12_cuda12.8_cudnn9_0", "pytorch")


def test_an_old_one() -> None:
    read = collect_env.parse(OLD)
    assert read is not None
    assert (read.torch, str(read.torch_cuda), read.cuda_available) == ("1.0.0", "9.0.176", True)
    assert (read.gpus, str(read.driver), read.cuda_runtime) == (((0, "Sample 100"),), "390.31", "Could not collect")


def test_vllms_form() -> None:
    read = collect_env.parse(VLLM)
    assert read is not None
    assert (read.os, read.torch_cuda_text, len(read.gpus), str(read.driver)) == (
        "Sample Linux 3 (x86_64)",
        "12.8",
        2,
        "570.86.10",
    )


@pytest.mark.parametrize("word", ["No CUDA", "Could not collect", "None"])
def test_nothing_found(word: str) -> None:
    text = OLD.replace("9.0.176", word).replace("GPU 0: Sample 100", word).replace("390.31", word).replace("Yes", "No")
    read = collect_env.parse(text)
    assert read is not None
    assert (read.torch_cuda, read.torch_cuda_text, read.driver, read.driver_text) == (None, word, None, word)
    assert (read.gpus, read.gpus_text, read.cuda_available) == ((), word, False)


@pytest.mark.parametrize(
    "text",
    ["", "PyTorch version: 2.0", "PyTorch Version (e.g., 1.0): 1.4\nOS (e.g., Linux): x", "OS: a\nGCC version: b"],
)
def test_what_is_no_report(text: str) -> None:
    assert collect_env.parse(text) is None
