"""What a driver must do: the GPUs it is for, the CUDA it must support, and what the board needs beside it."""

from __future__ import annotations

import re
from typing import Literal

from msgspec import Struct

from cudadoctor.compat import drivers
from cudadoctor.facts.base import Facts
from cudadoctor.recommend.detect import from_facts
from cudadoctor.recommend.model import Gpu
from cudadoctor.versions import ComputeCapability, CudaVersion, DriverVersion

Module = Literal["open", "proprietary"]
_HGX_SINCE_B100 = re.compile(r"\b(?:B100|B200|B300)\b")
"""Boards with NVSwitches of the fourth generation; on PCI these are InfiniBand bridges. The trays of GB200 and GB300
have their switches outside the machine."""
_FEWEST_ON_A_BOARD = 4
"""HGX boards have 4 or 8 GPUs; a virtual machine with fewer has its fabric manager on the host."""


class Need(Struct, frozen=True, kw_only=True):
    """What the driver to install must do."""

    gpus: tuple[Gpu, ...]
    cuda: CudaVersion | None = None
    """The newest CUDA runtime that is to run on it."""
    newer_than: DriverVersion | None = None
    """The driver here, where another one of its age would not help."""
    fabric: bool = False
    """There are NVSwitches: CUDA starts only with a fabric manager of the same version."""
    nvlink5: bool = False
    """They are of the fourth generation, whose fabric manager needs the NVLink subnet manager."""

    @property
    def capabilities(self) -> tuple[tuple[Gpu, ComputeCapability], ...]:
        """Every capability that a GPU of the need may have."""
        return tuple((gpu, one) for gpu in self.gpus for one in gpu.capabilities)

    @property
    def unknown(self) -> bool:
        """A GPU is of no known generation, so nothing tells which driver and which module it takes."""
        return not self.gpus or any(not gpu.capabilities for gpu in self.gpus)

    @property
    def open_only(self) -> Gpu | None:
        """A GPU that works with the open kernel module only."""
        return next((gpu for gpu, one in self.capabilities if drivers.needs_open_module(one, gpu.name)), None)

    @property
    def proprietary_only(self) -> Gpu | None:
        """A GPU that the open kernel module does not support."""
        return next((gpu for gpu, one in self.capabilities if not drivers.open_module_possible(one)), None)

    @property
    def last_branch(self) -> int | None:
        """The last driver branch for all the GPUs; None while every newer one supports them."""
        return min(
            (end for _, one in self.capabilities if (end := drivers.last_driver_for(one)) is not None), default=None
        )

    @property
    def floor(self) -> DriverVersion | None:
        """The oldest driver for that CUDA."""
        found = drivers.floor(self.cuda) if self.cuda is not None else None
        return found.version if found is not None else None

    @property
    def conflict(self) -> str | None:
        """Why no one driver supports all the GPUs."""
        if self.open_only is not None and self.proprietary_only is not None:
            return f"{self.open_only} needs the open kernel module, and {self.proprietary_only} cannot use it"
        last = self.last_branch
        firsts = [
            (gpu, first) for gpu, one in self.capabilities if (first := drivers.first_driver_for(one)) is not None
        ]
        late = next((gpu for gpu, first in firsts if last is not None and first.branch > last), None)
        if late is None:
            return None
        return f"{late} needs a driver newer than branch {last}, the last one for another GPU here"


def of(
    facts: Facts, gpus: tuple[Gpu, ...] | None = None, *, cuda: CudaVersion | None = None,
    newer_than: DriverVersion | None = None,
) -> Need:  # fmt: skip
    """The need of this machine. `gpus`: those to install for, where they are not those that were detected."""
    if gpus is None:
        found = from_facts(facts).gpus
        gpus = found.value if found is not None else ()
    names = [one.name or "" for one in facts.gpus or ()]
    nvlink5 = sum(bool(_HGX_SINCE_B100.search(name)) for name in names) >= _FEWEST_ON_A_BOARD
    switches = facts.pci is not None and facts.pci.nvswitches > 0
    return Need(gpus=gpus, cuda=cuda, newer_than=newer_than, fabric=switches or nvlink5, nvlink5=nvlink5)
