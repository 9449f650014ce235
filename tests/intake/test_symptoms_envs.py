"""Messages of torch, its company, pip and conda: each is recognised, with its values."""

from __future__ import annotations

import pytest

from cudadoctor.intake.messages.find import find
from tests.intake.tables import kinds_of

MINE = kinds_of("envs", "torch")

OTHER_AUDIO = (
    "Detected that PyTorch and TorchAudio were compiled with different CUDA versions. "
    "PyTorch has CUDA version 12.8 whereas TorchAudio has CUDA version 12.9."
)
OTHER_VISION = (
    "Detected that PyTorch and torchvision were compiled with different CUDA major versions. "
    "PyTorch has CUDA Version=13.0 and torchvision has CUDA Version=12.8."
)
SAID = [
    ("AssertionError: Torch not compiled with CUDA enabled", "torch-without-cuda", {}),
    ("CUDA used to build PyTorch: None", "torch-without-cuda", {}),
    ("CUDA used to build PyTorch: Could not collect", "torch-without-cuda", {}),
    (
        "NVIDIA A100-SXM4-40GB with CUDA capability sm_80 is not compatible with the current PyTorch installation.",
        "gpu-not-in-build",
        {"gpu": "NVIDIA A100-SXM4-40GB", "sm": "80"},
    ),
    (
        "The current PyTorch install supports CUDA capabilities sm_37 sm_50 compute_70.",
        "build-arch-list",
        {"archs": "sm_37 sm_50 compute_70"},
    ),
    (
        "    Found GPU0 GeForce GT 730 which is of cuda capability 3.5.",
        "gpu-capability",
        {"gpu": "GeForce GT 730", "capability": "3.5"},
    ),
    (
        "Found GPU1 Tesla P100-PCIE-16GB which is of compute capability (CC) 6.0.",
        "gpu-capability",
        {"gpu": "Tesla P100-PCIE-16GB", "capability": "6.0"},
    ),
    ("PyTorch no longer supports this GPU because it is too old.", "gpu-too-old-for-torch", {}),
    (
        "Your installed torch==2.12.0+cu130 does not include kernels for this GPU.",
        "no-kernels-for-gpu",
        {"torch": "2.12.0+cu130"},
    ),
    (
        "RuntimeError: CUDA error: the provided PTX was compiled with an unsupported toolchain.",
        "ptx-unsupported",
        {},
    ),
    (
        "The detected CUDA version (12.0) mismatches the version that was used to compile",
        "toolkit-of-extension-build",
        {"toolkit": "12.0"},
    ),
    (
        "PyTorch (11.7). Please make sure to use the same CUDA versions.",
        "torch-of-extension-build",
        {"torch": "11.7"},
    ),
    (
        "A module that was compiled using NumPy 1.x cannot be run in NumPy 2.1.3 as it may crash.",
        "built-for-numpy-1",
        {"numpy": "2.1.3"},
    ),
    ("A module that was compiled using NumPy 1.x cannot be run in", "built-for-numpy-1", {}),
    (
        "UserWarning: Failed to initialize NumPy: _ARRAY_API not found (Triggered internally at tensor_numpy.cpp:84.)",
        "torch-numpy-interface",
        {},
    ),
    ("RuntimeError: Numpy is not available", "torch-without-numpy", {}),
    ("RuntimeError: Failed to find C compiler. Please specify via CC environment variable.", "no-c-compiler", {}),
    ("main.c:5:10: fatal error: Python.h: No such file or directory", "no-python-header", {}),
    ("    Failed to load PyTorch C extensions:", "torch-source-checkout", {}),
    (
        "AttributeError: partially initialized module 'torch' has no attribute 'cuda' from '/home/u/p/torch.py' (most",
        "module-imports-itself",
        {"module": "torch", "file": "/home/u/p/torch.py"},
    ),
    (
        "ImportError: libcudnn.so.9: cannot open shared object file: No such file or directory",
        "wheel-library-missing",
        {"library": "libcudnn.so.9"},
    ),
    ('  File "/srv/v/lib64/python3.9/site-packages/torch/__init__.py", line 3', "torch-in-lib64", {}),
    (
        "/x/flash_attn_2_cuda.cpython-310-x86_64-linux-gnu.so: undefined symbol: _ZN3c104cuda9SetDeviceEi",
        "torch-symbol-undefined",
        {
            "file": "/x/flash_attn_2_cuda.cpython-310-x86_64-linux-gnu.so",
            "symbol": "_ZN3c104cuda9SetDeviceEi",
        },
    ),
    (
        "OSError: /x/torch_sparse/_version_cuda.so: undefined symbol: _ZNK5torch8autograd4Node4nameEv",
        "torch-symbol-undefined",
        {"file": "/x/torch_sparse/_version_cuda.so", "symbol": "_ZNK5torch8autograd4Node4nameEv"},
    ),
    ("RuntimeError: operator torchvision::nms does not exist", "torchvision-operator-missing", {}),
    (
        "NotImplementedError: Could not run 'torchvision::nms' with arguments from the 'CUDA' backend.",
        "torchvision-without-cuda",
        {},
    ),
    (
        OTHER_AUDIO,
        "companion-other-cuda",
        {"library": "TorchAudio", "torch": "12.8", "other": "12.9"},
    ),
    (
        OTHER_VISION,
        "companion-other-cuda",
        {"library": "torchvision", "torch": "13.0", "other": "12.8"},
    ),
    (
        "    PyTorch 2.2.1+cu118 with CUDA 1108 (you have 2.2.2+cu121)",
        "xformers-built-for",
        {"built": "2.2.1+cu118", "cuda": "1108", "torch": "2.2.2+cu121"},
    ),
    ('ENV TORCH_CUDA_ARCH_LIST="7.0 7.5+PTX"', "extension-arch-list", {"archs": "7.0 7.5+PTX"}),
    (
        "ERROR: Could not find a version that satisfies the requirement torch==1.7.0 (from versions: 2.2.0, 2.2.1)",
        "pip-no-version",
        {"package": "torch", "wanted": "1.7.0", "versions": "2.2.0, 2.2.1"},
    ),
    (
        "ERROR: Could not find a version that satisfies the requirement torchvision (from versions: none)",
        "pip-no-version",
        {"package": "torchvision", "versions": "none"},
    ),
    (
        "ERROR: torch-1.8.0-cp38-cp38-linux_x86_64.whl is not a supported wheel on this platform.",
        "wheel-not-supported",
        {"name": "torch", "version": "1.8.0", "python": "cp38", "abi": "cp38", "platform": "linux_x86_64"},
    ),
    (r"C:\Program Files (x86)\Python39-32\Scripts>pip install torch", "python-32bit-path", {}),
    ("Python 3.8.3 (tags/v3.8.3:6f8c832, May 13 2020) [MSC v.1924 32 bit (Intel)] on win32", "python-32bit-path", {}),
    ("Looking in indexes: https://download.pytorch.org/whl/cu125", "pip-torch-index", {"tag": "cu125"}),
    ("$ conda install pytorch torchvision cudatoolkit=11.3 -c pytorch", "cuda-build-asked", {}),
    ("  - pytorch-cuda=12.1", "cuda-build-asked", {}),
    (
        "Installed CUDA version 11.8 does not match the version torch was compiled with 12.1, unable to compile",
        "toolkit-of-extension-build",
        {"toolkit": "11.8", "torch": "12.1"},
    ),
    (
        "ImportError: cannot import name 'nn' from 'torch' (/home/u/torch.py)",
        "module-imports-itself",
        {"module": "torch", "file": "/home/u/torch.py"},
    ),
    (
        "Configured CUDA binary not found at /x/bitsandbytes/libbitsandbytes_cuda130.so",
        "bitsandbytes-without-cuda",
        {"cuda": "130"},
    ),
    ("RuntimeError: Not compiled with CUDA support", "extension-without-cuda", {}),
    ("RuntimeError: FlashAttention only supports Ampere GPUs or newer.", "flash-attention-gpu", {}),
    (
        "hint: You require CPython 3.13 (`cp313`), but we only found wheels for `torch` (v2.1.2) with the following",
        "uv-no-wheel",
        {"python": "3.13", "package": "torch", "wanted": "2.1.2"},
    ),
    (
        "└─ pytorch-cuda 12.6**  does not exist (perhaps a typo or a missing channel).",
        "conda-package-not-found",
        {"package": "pytorch-cuda"},
    ),
    ("  - nothing provides requested cudatoolkit 11.1.*", "conda-package-not-found", {"package": "cudatoolkit"}),
    ("WARNING: Ignoring invalid distribution -orch (/x/site-packages)", "pip-invalid-distribution", {"name": "orch"}),
    ("PackagesNotFoundError: The following packages are not", "conda-package-not-found", {}),
    (
        "  - nothing provides __cuda >=12 needed by pytorch-2.7.1-cuda126_mkl_py312",
        "conda-nothing-provides-cuda",
        {"wanted": " >=12 "},
    ),
    (
        "CondaToSNonInteractiveError: Terms of Service have not been accepted for the following channels.",
        "conda-terms-not-accepted",
        {},
    ),
]


@pytest.mark.parametrize(("line", "kind", "values"), SAID, ids=[f"{kind}-{i}" for i, (_, kind, _) in enumerate(SAID)])
def test_a_message_is_recognised(line: str, kind: str, values: dict[str, str]) -> None:
    assert [dict(one.values) for one in find([("line 1", line)]) if one.kind == kind] == [values]


@pytest.mark.parametrize(
    "line",
    [
        "CUDA used to build PyTorch: 12.1",
        "CUDA used to build PyTorch: N/A",
        "Is CUDA available: False",
        "undefined symbol: iJIT_NotifyEvent",
        "libcudnn.so.9: undefined symbol: _ZN5cudnn5graph6LibC",
        "python32-bit path",
        "UserWarning: Failed to initialize NumPy: No module named 'numpy' (Triggered internally at tensor_numpy.cpp)",
        "CUDA is not available. PyTorch was not compiled with CUDA support or no GPU detected.",
        "Installed CUDA version 11.7 does not match the version torch was compiled with 11.8 but since the APIs are",
        "ValueError: This CTranslate2 package was not compiled with CUDA support",
        "ImportError: cannot import name 'nn' from 'torch' (/x/site-packages/torch/__init__.py)",
        "  Loading /x/bitsandbytes/libbitsandbytes_cuda121.so",
        "cudatoolkit               11.3.1               h2bc3f7f_2    conda-forge",
        "ipython3-32/",
        "Found GPU0 Orin which is supported",
        "I think numpy is not the problem",
    ],
)
def test_another_line_is_not(line: str) -> None:
    assert [one.kind for one in find([("line 1", line)]) if one.kind in MINE] == []
