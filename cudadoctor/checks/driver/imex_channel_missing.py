"""Notes machines of a multi-node NVLink system without an IMEX channel."""

from __future__ import annotations

import re

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import IMEX
from cudadoctor.checks.shared.machine import clean, rows, seen, smi_seen
from cudadoctor.facts.driver import SmiFacts
from cudadoctor.facts.services import ServiceFacts

_RACK = re.compile(r"\bGB[23]00\b", re.IGNORECASE)


@check("VIRT007", severity=Severity.INFO)
def imex_channel_missing(smi: SmiFacts, services: ServiceFacts) -> Result:
    """A machine of an NVLink rack has no IMEX channel: memory cannot be shared with the other machines.

    Why:
        In racks such as GB200 NVL72 the GPUs of several machines share one NVLink fabric. Programs reach memory of
        another machine through a channel of the IMEX service (/dev/nvidia-caps-imex-channels/channel0). Without it
        NCCL goes over the network, or, where it was told to use MNNVL, fails.

    How we know:
        The GPUs are those of a GB200 or GB300, nvidia-smi shows "Fabric State: Completed", and
        /dev/nvidia-caps-imex-channels has no channel.

    Fix:
        As root: start nvidia-imex with the addresses of all machines in /etc/nvidia-imex/nodes_config.cfg, and have the
        channel made by the driver's option NVreg_CreateImexChannel0=1. In Kubernetes a ComputeDomain of the DRA driver
        does it; in a container, pass the channel in with NVIDIA_IMEX_CHANNELS=0.

    Harmless when:
        Each machine works for itself: a job on the GPUs of one machine needs no channel.

    Sources:
        https://docs.nvidia.com/multi-node-nvlink-systems/imex-guide/imexchannels.html
    """
    ready = [
        gpu for gpu in smi.gpus if _RACK.search(gpu.name or "") and (gpu.fabric_state or "").lower() == "completed"
    ]
    if ready and services.imex_channels == 0:
        yield Problem(
            subject="machine",
            message=f"no IMEX channel on a machine of an NVLink rack ({clean(ready[0].name, 60)})",
            evidence=rows(seen("/dev/nvidia-caps-imex-channels", "no channel"), smi_seen(smi)),
            source=IMEX,
            confidence=Confidence.LIKELY,
        )
