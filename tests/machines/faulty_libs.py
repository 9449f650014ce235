"""Machines where the loader's choice of a library under torch is the matter, and such where it is none."""

from __future__ import annotations

from dataclasses import replace

from .healthy import D535, D550, RTX3090_535
from .parts import Pkg, Toolkit
from .presets import SITE, TORCH_23_CU121, TORCH_25_CU124, companions, nvjitlink_of, planted, taken, venv

SYSTEM = "/usr/lib/x86_64-linux-gnu"
NO_CUDNN = "OSError: libcudnn.so.9: cannot open shared object file: No such file or directory"
NO_NCCL_SYMBOL = f"ImportError: {SITE}/torch/lib/libtorch_cuda.so: undefined symbol: ncclCommWindowRegister"
NO_NVJITLINK_SYMBOL = (
    f"ImportError: {SITE}/torch/lib/../../nvidia/cusparse/lib/libcusparse.so.12: "
    "undefined symbol: __nvJitLinkComplete_12_4, version libnvJitLink.so.12"
)
OWN_CUDNN = taken("libcudnn.so.9", f"{SITE}/nvidia/cudnn/lib", "libcudnn.so.9", "rpath", "cudnn")
OLD_NCCL = taken("libnccl.so.2", SYSTEM, "libnccl.so.2.18.3", "LD_LIBRARY_PATH", "nccl")
MISSING: dict[str, object] = {
    "soname": "libcudnn.so.9",
    "path": None,
    "how": "missing",
    "by": f"{SITE}/torch/lib/libtorch_cuda.so",
}

LIBRARIES = (
    planted(
        RTX3090_535,
        "ubuntu2204-rtx3090-550-cudnn-of-two-places",
        "cudnn-version-mismatch",
        status="warnings",
        driver=D550,
        envs=(
            venv(
                TORCH_25_CU124,
                loads=(
                    OWN_CUDNN,
                    taken("libcudnn_ops.so.9", SYSTEM, "libcudnn_ops.so.9.8.0", "LD_LIBRARY_PATH", "cudnn"),
                ),
            ),
        ),
        why="libcudnn from the wheel, its parts from the system",
    ),
    planted(
        RTX3090_535,
        "ubuntu2204-rtx3090-550-nvjitlink-wheel-old",
        "nvjitlink-skew",
        driver=D550,
        envs=(
            venv(
                replace(TORCH_25_CU124, live="import-error", error=NO_NVJITLINK_SYMBOL),
                packages={**companions(TORCH_25_CU124), "nvidia-nvjitlink-cu12": Pkg(version="12.1.105")},
            ),
        ),
        why="another package pinned an older wheel",
    ),
    planted(
        RTX3090_535,
        "ubuntu2204-rtx3090-550-nccl-of-the-system",
        "nccl-version-conflict",
        driver=D550,
        envs=(venv(replace(TORCH_25_CU124, live="import-error", error=NO_NCCL_SYMBOL), loads=(OLD_NCCL,)),),
        variables={"LD_LIBRARY_PATH": SYSTEM},
    ),
    planted(
        RTX3090_535,
        "ubuntu2204-rtx3090-550-cudnn-wheel-gone",
        "torch-import-missing-library",
        driver=D550,
        envs=(venv(replace(TORCH_25_CU124, live="import-error", error=NO_CUDNN), loads=(MISSING,)),),
        why="somebody removed a wheel that torch needs",
    ),
    planted(
        RTX3090_535,
        "ubuntu2204-rtx3090-550-cudart-preloaded",
        "ld-preload-set",
        status="warnings",
        driver=D550,
        variables={"LD_PRELOAD": "/usr/local/cuda-12.1/lib64/libcudart.so.12"},
    ),
)

WELL = (
    planted(
        RTX3090_535,
        "ubuntu2204-rtx3090-550-newer-toolkit-on-the-path",
        status="healthy",
        driver=D550,
        toolkits=(Toolkit(version="12.4.131"),),
        path=("/usr/local/cuda-12.4/bin",),
        envs=(venv(TORCH_25_CU124, loads=(nvjitlink_of("/usr/local/cuda-12.4/lib64", "12.4.131"),)),),
        variables={"LD_LIBRARY_PATH": "/usr/local/cuda-12.4/lib64", "CUDA_HOME": "/usr/local/cuda-12.4"},
        why="the toolkit's own nvJitLink wins, and is as new as torch's",
    ),
    planted(
        RTX3090_535,
        "ubuntu2204-rtx3090-550-older-toolkit-behind-rpath",
        status="healthy",
        driver=D550,
        toolkits=(Toolkit(version="12.1.105"),),
        path=("/usr/local/cuda-12.1/bin",),
        envs=(
            venv(
                TORCH_25_CU124,
                loads=(
                    taken(
                        "libcublas.so.12",
                        f"{SITE}/nvidia/cublas/lib",
                        "libcublas.so.12",
                        "rpath",
                        "cublas",
                    ),
                ),
            ),
        ),
        variables={"LD_LIBRARY_PATH": "/usr/local/cuda-12.1/lib64", "CUDA_HOME": "/usr/local/cuda-12.1"},
        why="an older cuBLAS on LD_LIBRARY_PATH, and the RPATH of torch's own files goes first",
    ),
    replace(
        planted(
            RTX3090_535,
            "ubuntu2204-rtx3090-535-old-triton-no-plain-libcuda",
            status="healthy",
            driver=replace(D535, plain_name=False),
            envs=(venv(TORCH_23_CU121, packages={**companions(TORCH_23_CU121), "triton": Pkg(version="2.2.0")}),),
            why="torch.compile would not link; nobody was seen to use it",
        ),
        said_as_info=("libcuda-not-linkable",),
    ),
    replace(
        planted(
            RTX3090_535,
            "ubuntu2204-rtx3090-535-preloads-a-watcher",
            status="healthy",
            variables={"LD_PRELOAD": "/opt/tools/libwatch.so:/usr/lib/x86_64-linux-gnu/libjemalloc.so.2"},
            why="something of the house is preloaded",
        ),
        said_as_info=("ld-preload-set",),
    ),
)
