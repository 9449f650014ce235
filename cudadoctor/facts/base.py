"""The whole of what is known, and what is said where something is not."""

from __future__ import annotations

from msgspec import Struct

from cudadoctor.facts.context import ContextFacts
from cudadoctor.facts.distro import DistroFacts
from cudadoctor.facts.driver import DeviceNode, DriverFacts, LibcudaFacts, PciFacts, SmiFacts
from cudadoctor.facts.envs import CondaFacts, EnvFacts
from cudadoctor.facts.expected import Expectation
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.kernel import KernelFacts
from cudadoctor.facts.limits import LimitFacts
from cudadoctor.facts.runtime import RuntimeFacts
from cudadoctor.facts.seen import Seen
from cudadoctor.facts.services import ServiceFacts
from cudadoctor.facts.shell import LoaderFacts, ShellFacts
from cudadoctor.facts.smoke import SmokeFacts
from cudadoctor.facts.symptom import Symptom
from cudadoctor.facts.system import OsFacts
from cudadoctor.facts.toolkit import CompilerFacts, ToolkitInventory

__all__ = ["Facts", "Gap", "Seen"]


class Gap(Struct, frozen=True, kw_only=True):
    """A fact not had, and why."""

    fact: str
    """Dotted: `driver.version`, `smi`, `envs`."""
    reason: str


class Facts(Struct, frozen=True, kw_only=True):
    """One machine. A field that is None is not known, and a gap says why; an empty tuple is known to be empty."""

    os: OsFacts | None = None
    pci: PciFacts | None = None
    """Display devices of NVIDIA on the PCI bus."""
    driver: DriverFacts | None = None
    smi: SmiFacts | None = None
    """What nvidia-smi said, or how it failed."""
    libcuda: LibcudaFacts | None = None
    """What the CUDA driver library itself said."""
    nodes: tuple[DeviceNode, ...] | None = None
    """/dev/nvidia*."""
    gpus: tuple[GpuFacts, ...] | None = None
    """The NVIDIA GPUs, merged from nvidia-smi, libcuda and the PCI bus; empty: there is none."""
    toolkit: ToolkitInventory | None = None
    compiler: CompilerFacts | None = None
    shell: ShellFacts | None = None
    loader: LoaderFacts | None = None
    envs: tuple[EnvFacts, ...] | None = None
    conda: CondaFacts | None = None
    kernel: KernelFacts | None = None
    """The kernel log, DKMS, headers, signatures, modprobe configuration."""
    distro: DistroFacts | None = None
    """Packages of dpkg or rpm, and the repositories that they come from."""
    runtime: RuntimeFacts | None = None
    """Docker and its like on this machine; inside a container, what it was given."""
    services: ServiceFacts | None = None
    """Fabric manager, MPS, IMEX, persistence daemon."""
    limits: LimitFacts | None = None
    """Resource limits, shared memory, disk."""
    symptoms: tuple[Symptom, ...] | None = None
    """Known error messages, from a paste or from what programs said here; empty: none was met."""
    context: ContextFacts | None = None
    """Who speaks, and from where: container, job, cloud instance; what was tried already."""
    smoke: SmokeFacts | None = None
    """What came of the smoke tests; only `smoke` runs them."""
    expected: tuple[Expectation, ...] | None = None
    """What this machine must have; None: nobody said."""
    gaps: tuple[Gap, ...] = ()
