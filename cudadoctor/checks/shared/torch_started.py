"""What torch said when it was started: what the import checks share."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cudadoctor.checks.shared.machine import clean, seen
from cudadoctor.facts.envs import EnvFacts, TorchFacts
from cudadoctor.facts.seen import Seen

GLIBC = re.compile(r"GLIBC_(\d{1,2}\.\d{1,3})[`'\"]? not found")
GLIBCXX = re.compile(r"((?:GLIBCXX|CXXABI)_\d{1,2}(?:\.\d{1,3}){1,3})[`'\"]? not found")
MKL_SYMBOL = "iJIT_NotifyEvent"


def started(envs: tuple[EnvFacts, ...], *outcomes: str) -> Iterator[tuple[EnvFacts, TorchFacts]]:
    """Environments whose torch was started and ended in one of these ways."""
    for env in envs:
        if env.torch is not None and env.torch.live.outcome in outcomes:
            yield env, env.torch


def in_cuda(torch: TorchFacts) -> bool:
    """It had been imported, and was at work with CUDA."""
    return torch.live.stage in ("cuda-init", "devices", "cudnn")


def live_seen(torch: TorchFacts) -> Seen:
    """Evidence: its own words."""
    said = torch.live.error or torch.live.warning or torch.live.outcome
    return seen(f"import torch ({clean(torch.location, 120)})", said)
