"""Where the report comes from: which container, job, virtual machine or cloud instance, and what was tried already."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from cudadoctor.facts.seen import Seen

Scheduler = Literal["slurm", "pbs", "lsf", "sge"]
Tried = Literal["reboot", "load-module", "reinstall-driver", "reinstall-torch"]


class CloudInstance(Struct, frozen=True, kw_only=True):
    """A cloud machine, by its type."""

    type: str
    """`g4dn.xlarge`, `Standard_NC4as_T4_v3`, `a2-highgpu-1g`."""
    provider: str
    maker: str | None
    """Of its accelerators: `nvidia`, `amd`, `aws`, `google`, `intel`; None: it has none."""
    gpu: str | None = None
    """The model, where the type decides it."""
    seen: Seen


class Attempt(Struct, frozen=True, kw_only=True):
    """Something that was done and did not help."""

    what: Tried
    seen: Seen


class ContextFacts(Struct, frozen=True, kw_only=True):
    """Where the failing program runs, and what its session was given. None: not known."""

    container: str | None = None
    """The engine: docker, podman, kubernetes, apptainer, enroot, lxc, or `container`."""
    container_gpu: bool | None = None
    """The container was started with GPU access (`--gpus`, `--nv`, a resource limit)."""
    container_seen: Seen | None = None
    scheduler: Scheduler | None = None
    step: Literal["job", "login-node"] | None = None
    """Inside a job of the scheduler, or on a node that only starts jobs."""
    job_gpu: bool | None = None
    """The job asked for a GPU, or was given one."""
    scheduler_seen: Seen | None = None
    gpus_elsewhere: Literal["host", "root"] | None = None
    """GPUs answer outside this session: on the container's host or the node, or for root."""
    elsewhere_seen: Seen | None = None
    virtual_machine: str | None = None
    instance: CloudInstance | None = None
    tried: tuple[Attempt, ...] = ()
