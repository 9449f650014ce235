"""Asks what this session runs in: a container, a job, a virtual machine, and whose cloud machine it is."""

from __future__ import annotations

from cudadoctor.compat import cloud
from cudadoctor.facts.context import CloudInstance, ContextFacts, Scheduler
from cudadoctor.facts.seen import Seen
from cudadoctor.host.base import Host
from cudadoctor.probes.ask import one_line, read_text
from cudadoctor.probes.base import Clock, Found, Request
from cudadoctor.probes.system import container

_JOBS: tuple[tuple[str, Scheduler], ...] = (
    ("SLURM_JOB_ID", "slurm"),
    ("PBS_JOBID", "pbs"),
    ("LSB_JOBID", "lsf"),
    ("SGE_TASK_ID", "sge"),
)
_GRANTED = ("SLURM_JOB_GPUS", "SLURM_STEP_GPUS", "SLURM_GPUS_ON_NODE", "SLURM_GPUS", "PBS_GPUFILE", "SGE_HGR_gpu")
_PRODUCT = "/sys/class/dmi/id/product_name"
_VENDOR = "/sys/class/dmi/id/sys_vendor"
_VIRTUAL = (
    ("vmware", "vmware"),
    ("virtualbox", "virtualbox"),
    ("qemu", "qemu"),
    ("kvm", "kvm"),
    ("virtual machine", "hyper-v"),
    ("google compute engine", "google"),
    ("amazon ec2", "amazon"),
    ("openstack", "openstack"),
    ("hvm domu", "xen"),
)
"""Words of the firmware's vendor and product, and the hypervisor that writes them there."""


def probe(host: Host, request: Request, clock: Clock) -> Found[ContextFacts]:  # noqa: ARG001
    """The engine, the job's variables, and the product's name in the firmware (AWS writes the instance type there)."""
    job = next(((name, kind) for name, kind in _JOBS if host.env.get(name)), None)
    granted = (
        any(host.env.get(name, "0") not in ("", "0") for name in _GRANTED) or host.env.get("SLURM_JOB_GPUS") == "0"
    )
    product = one_line(read_text(host, _PRODUCT, limit=256) or "")
    firmware = f"{one_line(read_text(host, _VENDOR, limit=256) or '')} {product}".lower()
    return Found(
        value=ContextFacts(
            container=container(host),
            scheduler=job[1] if job else None,
            step="job" if job else None,
            job_gpu=granted if job else None,
            scheduler_seen=Seen(where=job[0], text="set") if job else None,
            virtual_machine=next((name for word, name in _VIRTUAL if word in firmware), None),
            instance=_instance(product),
        )
    )


def _instance(product: str) -> CloudInstance | None:
    found = cloud.find(product)
    if found is None:
        return None
    match, has = found
    return CloudInstance(
        type=match.group(),
        provider=has.provider,
        maker=has.maker,
        gpu=has.gpu,
        seen=Seen(where=_PRODUCT, text=product),
    )
