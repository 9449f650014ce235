"""Every planted machine by name."""

from __future__ import annotations

from .faulty_envs import ENVS, SHELL, TOOLKIT, TORCH
from .faulty_health import FAULTS
from .faulty_health import WELL as SOUND
from .faulty_kern import KERNEL
from .faulty_libs import LIBRARIES, WELL
from .faulty_pack import PACK
from .faulty_pyenvs import PYENVS
from .faulty_pyenvs import SOUND as KEPT
from .faulty_several import SEVERAL
from .faulty_shellhost import SHELLHOST, WORTH_KNOWING
from .faulty_stack import CONTAINER, DRIVER, HEALTH, WSL_FAULTS
from .healthy import HEALTHY as USUAL
from .healthy_kern import KERNEL_ODD
from .healthy_odd import ODD
from .healthy_pack import PACKED
from .presets import Planted

__all__ = ["CATALOGUE", "FAULTY", "HEALTHY", "Planted"]

HEALTHY: tuple[Planted, ...] = (*USUAL, *ODD, *WELL, *WORTH_KNOWING, *SOUND, *PACKED, *KEPT, *KERNEL_ODD)
FAULTY: tuple[Planted, ...] = (
    *(*DRIVER, *HEALTH, *CONTAINER, *WSL_FAULTS, *TORCH, *TOOLKIT, *SHELL, *ENVS),
    *(*SEVERAL, *PYENVS, *LIBRARIES, *SHELLHOST, *FAULTS, *PACK, *KERNEL),
)
CATALOGUE: dict[str, Planted] = {one.machine.name: one for one in (*HEALTHY, *FAULTY)}
