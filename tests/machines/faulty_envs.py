"""Machines with a fault above the driver: torch, its company, toolkits, the shell."""

from __future__ import annotations

from dataclasses import replace

from . import hardware
from .healthy import (
    D470,
    D525,
    D550,
    D570_OPEN,
    D580,
    REFERENCE,
    RTX3090_535,
    RTX5090_CU128,
)
from .parts import Driver, Machine, Pkg, Toolkit
from .presets import (
    TORCH_14_CONDA,
    TORCH_23_CU121,
    TORCH_25_CU118,
    TORCH_25_CU124,
    TORCH_28_CU128,
    TORCH_29_CPU,
    TORCH_112_CONDA,
    TORCH_112_CU113,
    companions,
    conda_pair,
    nvjitlink_of,
    planted,
    venv,
)

SITE = "/home/ada/work/.venv/lib/python3.10/site-packages"
NEW_GLIBC = (
    "ImportError: /lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.28' not found "
    f"(required by {SITE}/torch/lib/libtorch_cpu.so)"
)
NEW_LIBSTDCXX = (
    "ImportError: /usr/lib/x86_64-linux-gnu/libstdc++.so.6: version `GLIBCXX_3.4.30' not found "
    f"(required by {SITE}/torch/lib/libtorch_python.so)"
)
NO_MKL_SYMBOL = (
    "ImportError: /home/ada/miniconda3/envs/torch/lib/python3.9/site-packages/torch/lib/libtorch_cpu.so: "
    "undefined symbol: iJIT_NotifyEvent"
)
NO_NVJITLINK_SYMBOL = (
    f"ImportError: {SITE}/torch/lib/../../nvidia/cusparse/lib/libcusparse.so.12: "
    "undefined symbol: __nvJitLinkComplete_12_4, version libnvJitLink.so.12"
)
TORCH = (
    planted(
        RTX3090_535,
        "ubuntu2204-rtx3090-535-torch-cuda-hangs",
        "torch-cuda-hangs",
        envs=(venv(replace(TORCH_23_CU121, live="cuda-hangs")),),
    ),
    planted(
        RTX3090_535,
        "ubuntu2204-rtx3090-535-torch-cuda-segv",
        "torch-cuda-crashes",
        envs=(venv(replace(TORCH_23_CU121, live="cuda-segv")),),
    ),
    planted(
        RTX3090_535,
        "ubuntu2204-rtx3090-535-torch-unavailable",
        "torch-cuda-unavailable",
        envs=(venv(replace(TORCH_23_CU121, live="unavailable")),),
    ),
    planted(
        RTX3090_535,
        "ubuntu2204-rtx3090-535-torch-cudnn-missing",
        "torch-import-fails",
        envs=(
            venv(
                replace(
                    TORCH_23_CU121,
                    live="import-error",
                    error="ImportError: libcudnn.so.8: cannot open shared object file: No such file or directory",
                )
            ),
        ),
    ),
    planted(
        RTX3090_535,
        "ubuntu1804-rtx3090-535-glibc",
        "glibc-too-old",
        os=hardware.UBUNTU_1804,
        envs=(venv(replace(TORCH_23_CU121, live="import-error", error=NEW_GLIBC)),),
    ),
    planted(
        RTX3090_535,
        "ubuntu2204-rtx3090-535-libstdcxx",
        "libstdcxx-too-old",
        envs=(venv(replace(TORCH_23_CU121, live="import-error", error=NEW_LIBSTDCXX)),),
    ),
    planted(RTX3090_535, "ubuntu2204-rtx3090-470-torch23", "driver-too-old-for-runtime", driver=D470),
    planted(
        REFERENCE,
        "ubuntu1804-gtx1080ti-410-torch14",
        "driver-too-old-for-runtime",
        driver=Driver(version="410.104", cuda="10.0"),
    ),
    planted(
        RTX5090_CU128,
        "ubuntu2404-rtx5090-580open-torchcpu",
        "cpu-only-build",
        envs=(venv(TORCH_29_CPU, python="3.12.3"),),
    ),
    planted(
        RTX5090_CU128,
        "ubuntu2404-rtx5090-580open-torch25",
        "arch-not-in-build-gpu-newer",
        envs=(venv(TORCH_25_CU124, python="3.12.3"),),
    ),
    planted(
        RTX3090_535,
        "ubuntu2204-k80-470-torch25cu118",
        "gpu-too-old-for-cudnn",
        gpus=(hardware.KEPLER_K80,),
        driver=D470,
        envs=(venv(TORCH_25_CU118),),
    ),
    planted(
        REFERENCE,
        "ubuntu2204-gtx1080ti-580-torch28cu128",
        "arch-not-in-build-gpu-older",
        os=hardware.UBUNTU_2204,
        driver=D580,
        toolkits=(),
        path=(),
        variables={},
        rc={},
        envs=(venv(TORCH_28_CU128),),
    ),
    planted(
        RTX3090_535,
        "ubuntu2204-rtx3090-535-torch-hangs",
        "torch-import-hangs",
        envs=(venv(replace(TORCH_23_CU121, live="hangs")),),
    ),
    planted(
        RTX3090_535,
        "ubuntu2204-rtx3090-535-torch-segv",
        "torch-import-crashes",
        envs=(venv(replace(TORCH_23_CU121, live="segv")),),
    ),
    planted(
        RTX3090_535,
        "ubuntu2204-rtx3090-535-torchvision-mismatch",
        "torchvision-torch-mismatch",
        envs=(
            venv(
                TORCH_23_CU121,
                packages={
                    "numpy": Pkg(version="1.26.4"),
                    "torchvision": Pkg(version="0.20.1+cu124", requires=("torch==2.5.1", "numpy")),
                },
            ),
        ),
    ),
    planted(
        RTX3090_535,
        "ubuntu2204-rtx3090-535-torchvision-cpu",
        "torchvision-torch-mismatch",
        status="warnings",
        envs=(
            venv(
                TORCH_23_CU121,
                packages={
                    "numpy": Pkg(version="1.26.4"),
                    "torchvision": Pkg(version="0.18.1+cpu", requires=("torch==2.3.1", "numpy")),
                },
            ),
        ),
    ),
    planted(
        replace(RTX3090_535, driver=D470),
        "ubuntu2204-rtx3090-470-numpy2",
        "numpy2-vs-old-torch",
        envs=(
            venv(
                replace(
                    TORCH_112_CU113, warning="A module that was compiled using NumPy 1.x cannot be run in NumPy 2.1.3"
                ),
                packages=companions(TORCH_112_CU113, numpy="2.1.3"),
            ),
        ),
    ),
    planted(
        RTX3090_535,
        "ubuntu2204-rtx3090-535-mixed-majors",
        "mixed-cuda-major-packages",
        status="warnings",
        envs=(
            venv(
                TORCH_23_CU121,
                packages={
                    **companions(TORCH_23_CU121),
                    "nvidia-cudnn-cu11": Pkg(version="8.7.0.84"),
                    "nvidia-cublas-cu11": Pkg(version="11.10.3.66"),
                },
            ),
        ),
    ),
    planted(
        replace(RTX3090_535, driver=D470),
        "ubuntu2204-rtx3090-470-mkl",
        "mkl-incompatible",
        envs=conda_pair(
            replace(
                TORCH_14_CONDA,
                version="1.12.1",
                cuda="11.3",
                cudnn="8.3.2",
                conda_build="py3.9_cuda11.3_cudnn8.3.2_0",
                archs=TORCH_112_CU113.archs,
                live="import-error",
                error=NO_MKL_SYMBOL,
            ),
            python="3.9.19",
            packages={
                "numpy": Pkg(version="1.26.4", build="py39h0_0", channel="conda-forge"),
                "mkl": Pkg(version="2024.2.2", build="ha957f24_16", channel="conda-forge"),
            },
        ),
    ),
    planted(
        RTX3090_535,
        "ubuntu2204-rtx3090-535-nvjitlink-shadowed",
        "ld-path-shadows-bundled-libs",
        driver=D550,
        envs=(
            venv(
                replace(
                    TORCH_25_CU124,
                    live="import-error",
                    error=NO_NVJITLINK_SYMBOL,
                ),
                loads=(nvjitlink_of("/usr/local/cuda-12.1/lib64", "12.1.105"),),
            ),
        ),
        toolkits=(Toolkit(version="12.1.105"),),
        variables={"LD_LIBRARY_PATH": "/usr/local/cuda-12.1/lib64", "CUDA_HOME": "/usr/local/cuda-12.1"},
        path=("/usr/local/cuda-12.1/bin",),
        files={"/usr/local/cuda-12.1/targets/x86_64-linux/lib/libnvJitLink.so.12.1.105": b"\x7fELF"},
        links={"/usr/local/cuda-12.1/targets/x86_64-linux/lib/libnvJitLink.so.12": "libnvJitLink.so.12.1.105"},
    ),
    planted(
        RTX3090_535,
        "ubuntu2204-rtx3090-535-hidden",
        "visible-devices-hides-gpus",
        variables={"CUDA_VISIBLE_DEVICES": ""},
    ),
    planted(
        RTX3090_535,
        "ubuntu2204-rtx3090-535-badindex",
        "visible-devices-hides-gpus",
        variables={"CUDA_VISIBLE_DEVICES": "1"},
    ),
    planted(
        Machine(name="", os=hardware.UBUNTU_2404_ARM, gpus=(hardware.GH200,), driver=D570_OPEN),
        "ubuntu2404arm-gh200-570open-cpuwheel",
        "aarch64-wheel-without-cuda",
        envs=(venv(replace(TORCH_29_CPU, version="2.5.1"), python="3.12.3"),),
    ),
)
TOOLKIT = (
    planted(
        RTX3090_535,
        "ubuntu2204-v100-580-toolkit13",
        "toolkit-too-new-for-gpu",
        status="warnings",
        gpus=(hardware.V100,),
        driver=D580,
        toolkits=(Toolkit(version="13.0.88"),),
        path=("/usr/local/cuda-13.0/bin",),
        variables={"CUDA_HOME": "/usr/local/cuda-13.0"},
    ),
    planted(
        RTX3090_535,
        "ubuntu2204-rtx3090-525-toolkit13",
        "toolkit-newer-than-driver",
        status="warnings",
        driver=D525,
        toolkits=(Toolkit(version="13.0.88"),),
        path=("/usr/local/cuda-13.0/bin",),
        variables={"CUDA_HOME": "/usr/local/cuda-13.0"},
    ),
    planted(
        REFERENCE,
        "ubuntu1804-gtx1080ti-418-cudahome-wrong",
        "cuda-home-wrong",
        status="warnings",
        variables={"CUDA_HOME": "/usr/local/cuda-10.2"},
        rc={"~/.bashrc": "export CUDA_HOME=/usr/local/cuda-10.2\n"},
    ),
    planted(
        REFERENCE,
        "ubuntu1804-gtx1080ti-418-cudahome-list",
        "cuda-home-wrong",
        status="warnings",
        variables={"CUDA_HOME": "/usr/local/cuda-10.1:"},
        rc={"~/.bashrc": "export CUDA_HOME=/usr/local/cuda-10.1:$CUDA_HOME\n"},
    ),
    planted(
        RTX3090_535,
        "ubuntu2204-rtx3090-535-home-and-nvcc-differ",
        "cuda-home-inconsistent",
        status="warnings",
        toolkits=(Toolkit(version="11.8.89"), Toolkit(version="12.1.105")),
        variables={"CUDA_HOME": "/usr/local/cuda-11.8"},
        path=("/usr/local/cuda-12.1/bin",),
    ),
    planted(
        replace(REFERENCE, os=hardware.UBUNTU_2004),
        "ubuntu2004-gtx1080ti-418-gcc9",
        "host-compiler-unsupported",
        status="warnings",
        why="CUDA 10.1 takes gcc 8, Ubuntu 20.04 brings 9",
    ),
    planted(
        RTX3090_535,
        "ubuntu2204-rtx3090-535-dangling",
        "toolkit-symlink-dangling",
        status="warnings",
        toolkits=(),
        cuda_link="/usr/local/cuda-11.8",
    ),
    planted(
        RTX3090_535,
        "ubuntu2204-rtx3090-535-toolkit-too-old",
        "toolkit-too-old-for-gpu",
        status="warnings",
        os=replace(hardware.UBUNTU_2204, gcc="8.5.0"),
        toolkits=(Toolkit(version="10.2.89"),),
        path=("/usr/local/cuda-10.2/bin",),
        variables={"CUDA_HOME": "/usr/local/cuda-10.2"},
    ),
)
SHELL = (
    planted(
        REFERENCE,
        "ubuntu1804-gtx1080ti-418-typo",
        "ld-path-entry-missing",
        status="warnings",
        variables={"CUDA_HOME": "/usr/local/cuda-10.1", "LD_LIBRARY_PATH": "/usr/loacl/cuda-10.1/lib64"},
        rc={"~/.bashrc": "export LD_LIBRARY_PATH=/usr/loacl/cuda-10.1/lib64\n"},
    ),
    planted(
        REFERENCE,
        "ubuntu1804-gtx1080ti-418-empty-element",
        "ld-path-empty-element",
        status="warnings",
        variables={"CUDA_HOME": "/usr/local/cuda-10.1", "LD_LIBRARY_PATH": "/usr/local/cuda-10.1/lib64:"},
        rc={"~/.bashrc": "export LD_LIBRARY_PATH=/usr/local/cuda-10.1/lib64:$LD_LIBRARY_PATH\n"},
    ),
    planted(
        REFERENCE,
        "ubuntu1804-gtx1080ti-418-stubs-in-bashrc",
        "ld-path-has-stubs",
        status="warnings",
        rc={"~/.bashrc": "export LD_LIBRARY_PATH=/usr/local/cuda-10.1/lib64/stubs\n"},
        why="this process has not read it, and the next login will",
    ),
    planted(
        REFERENCE,
        "ubuntu1804-gtx1080ti-418-cuda-home-not-exported",
        "cuda-home-not-exported",
        status="warnings",
        variables={},
        rc={"~/.bashrc": "CUDA_HOME=/usr/local/cuda-10.1\n"},
    ),
)
ENVS = (
    planted(
        RTX3090_535,
        "ubuntu2204-rtx3090-535-wrong-interpreter",
        "wrong-interpreter",
        status="warnings",
        envs=(venv(TORCH_23_CU121, active=False),),
        variables={"VIRTUAL_ENV": "/home/ada/work/.venv"},
        why="VIRTUAL_ENV is inherited, and PATH is another one's",
    ),
    planted(
        replace(RTX3090_535, driver=D470),
        "ubuntu2204-rtx3090-470-conda-and-pip",
        "conda-pip-duplicate",
        status="warnings",
        envs=tuple(
            replace(
                env,
                packages={**env.packages, "torchvision": Pkg(version="0.13.1", build="py39_cu113")},
                also_pip={"torchvision": "0.13.1+cu113"},
            )
            if env.torch
            else env
            for env in conda_pair(TORCH_112_CONDA, python="3.9.16")
        ),
    ),
)
