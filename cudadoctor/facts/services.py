"""Programs of NVIDIA's that must run beside the driver: fabric manager, MPS, IMEX, persistence."""

from __future__ import annotations

from msgspec import Struct

from cudadoctor.facts.seen import Seen
from cudadoctor.versions import DriverVersion


class FabricManager(Struct, frozen=True, kw_only=True):
    """The program that sets up NVSwitches."""

    path: str
    version: DriverVersion | None = None
    """As the program itself tells it."""
    seen: Seen | None = None


class ServiceFacts(Struct, frozen=True, kw_only=True):
    """Programs of NVIDIA's that must run beside the driver: fabric manager, MPS, IMEX, persistence."""

    running: tuple[str, ...] | None = None
    """Of `fabric-manager`, `persistence`, `mps-control`, `mps-server`, `imex`, `gridd`: those that run here and that
    this user may see; in a container, those of the container alone. Looked for only where the fabric manager, MPS or
    IMEX has left a trace. None: the processes could not be listed."""
    enabled: tuple[str, ...] = ()
    """NVIDIA's units that systemd starts at boot: `nvidia-fabricmanager.service`."""
    fabric_manager: FabricManager | None = None
    """Installed; None: it is not, or it could not be looked for."""
    mps_pipe: str | None = None
    """The directory by which a program reaches MPS, where it is there or CUDA_MPS_PIPE_DIRECTORY names it."""
    mps_pipe_there: bool | None = None
    """It has the daemon's pipe `control`, alive or left behind."""
    imex_channels: int | None = None
    """Device nodes for memory shared with other machines over NVLink."""
