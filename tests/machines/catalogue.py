"""Every planted machine by name."""

from __future__ import annotations

from .faulty_envs import ENVS, SHELL, TOOLKIT, TORCH
from .faulty_kern import KERNEL
from .faulty_stack import CONTAINER, DRIVER, HEALTH, WSL_FAULTS
from .healthy import HEALTHY as USUAL
from .healthy_kern import KERNEL_ODD
from .healthy_odd import ODD
from .presets import Planted

__all__ = ["CATALOGUE", "FAULTY", "HEALTHY", "Planted"]

HEALTHY = (*USUAL, *ODD, *KERNEL_ODD)
FAULTY = (*DRIVER, *KERNEL, *HEALTH, *CONTAINER, *WSL_FAULTS, *TORCH, *TOOLKIT, *SHELL, *ENVS)
CATALOGUE: dict[str, Planted] = {one.machine.name: one for one in (*HEALTHY, *FAULTY)}
