"""Machines with several GPUs or environments of which a part is broken: findings name which, the verdict what works."""

from __future__ import annotations

from dataclasses import replace

from . import hardware
from .healthy import D580, RTX3090_535
from .presets import TORCH_14_CONDA as OLD
from .presets import TORCH_25_CU124, TORCH_29_CPU, TORCH_29_CU126, TORCH_29_CU130, conda_pair, planted, venv

_OTHERS = (
    venv(TORCH_25_CU124, prefix="/home/ada/b/.venv", active=False),
    venv(TORCH_29_CU126, prefix="/home/ada/c/.venv", active=False),
    *conda_pair(OLD, python="3.7.16", env="old", active=False),
)

SEVERAL = (
    planted(
        RTX3090_535,
        "ubuntu2204-rtx3090-gtx1080ti-580-cu130",
        status="healthy",
        gpus=(hardware.RTX_3090, replace(hardware.GTX_1080_TI, bus="0000:02:00.0")),
        driver=D580,
        envs=(venv(TORCH_29_CU130),),
        why="two generations: the build has code for one of them",
    ),
    planted(
        RTX3090_535,
        "ubuntu2204-rtx3090-580-five-envs-active-cpu",
        "cpu-only-build",
        driver=D580,
        envs=(venv(TORCH_29_CPU, prefix="/home/ada/a/.venv"), *_OTHERS),
        why="five environments, and the one in use has a CPU build",
    ),
)
