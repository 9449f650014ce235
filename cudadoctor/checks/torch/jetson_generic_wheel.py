"""Finds a server's torch on a Jetson."""

from __future__ import annotations

import re

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import JETSON
from cudadoctor.checks.shared.machine import clean, env_subject, rows, seen, torch_shown
from cudadoctor.checks.shared.torch_started import live_seen
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.facts.system import OsFacts

_NVIDIA = re.compile(r"nv\d{2}\.\d{2}")
"""NVIDIA's own builds: `2.0.0+nv23.05`, `2.4.0a0+07cecf4168.nv24.05`."""


@check("JET001", severity=Severity.ERROR)
def jetson_generic_wheel(envs: tuple[EnvFacts, ...], os: OsFacts) -> Result:
    """The installed torch has CUDA for Arm servers, which the Jetson's driver does not serve.

    Why:
        Up to JetPack 6 a Jetson has CUDA libraries and a driver of its own (L4T), with which those of Arm servers
        (SBSA: GH200, GB200) do not work: the wheels of the general index and of download.pytorch.org for aarch64
        import, and find no GPU ("named symbol not found", `torch.cuda.is_available()` False). From JetPack 7 on both
        are one, and the general wheels for CUDA 13 work.

    How we know:
        /etc/nv_tegra_release, and a torch for CUDA whose version has no NVIDIA mark (+nv24.05) and whose list has no
        architecture of a Jetson (sm_53, sm_62, sm_72, sm_87), that says that CUDA is not available.

    Fix:
        See the JetPack: `cat /etc/nv_tegra_release` (R35 is JetPack 5, R36 JetPack 6, R38 and R39 JetPack 7). Remove
        torch, torchvision and torchaudio, and install NVIDIA's wheel for that JetPack and its Python, or use the
        container nvcr.io/nvidia/pytorch with the suffix -igpu (JetPack 6), or an upgrade to JetPack 7.

    Harmless when:
        torch sees the GPU: then this is not reported.

    Sources:
        https://forums.developer.nvidia.com/t/pytorch-for-jetson-version-1-9-0-now-available/72048
        https://docs.nvidia.com/deeplearning/frameworks/install-pytorch-jetson-platform/index.html
    """
    if os.jetson is None or os.container is not None:
        return
    for env in envs:
        torch = env.torch
        if torch is None or torch.cuda is None or not env.active:
            continue
        own = _NVIDIA.search(torch.version) or any(
            one in ("sm_87", "sm_72", "sm_62", "sm_53") for one in torch.arch_list or ()
        )
        if own or torch.live.outcome != "ok" or torch.live.is_available is not False:
            continue
        yield Problem(
            subject=env_subject(env),
            message=f"{torch_shown(env, torch)} is a build for Arm servers, and this is a {clean(os.jetson, 60)}",
            evidence=rows(torch.seen, live_seen(torch), seen("device tree", os.jetson)),
            source=JETSON,
            confidence=Confidence.LIKELY,
        )
