"""Finds Docker Desktop on Linux, whose containers run in a virtual machine without the GPU."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, also, check
from cudadoctor.checks.engine.sources import DOCKER_DESKTOP
from cudadoctor.checks.shared.machine import bare, seen, smi_lists
from cudadoctor.checks.shared.messages import every
from cudadoctor.facts.driver import SmiFacts
from cudadoctor.facts.runtime import RuntimeFacts
from cudadoctor.facts.symptom import Symptom
from cudadoctor.facts.system import OsFacts

_REFUSALS = ("nvml-library-not-found", "no-gpu-device-driver", "nvidia-runtime-unknown", "nvidia-hook-missing")


@check("CT008", severity=Severity.ERROR)
def docker_desktop_on_linux(os: OsFacts, runtime: RuntimeFacts, smi: SmiFacts | None) -> Result:
    """Docker Desktop for Linux runs containers in a virtual machine, which has no GPU.

    Why:
        Docker Desktop hands a GPU to containers on Windows with WSL 2 only. On Linux its engine runs in a virtual
        machine of its own, without the host's GPU and driver, whatever the host's nvidia-smi says; the toolkit of the
        host is not used. The `docker` command talks to it while the context is `desktop-linux`.

    How we know:
        The docker context `desktop-linux` or ~/.docker/desktop is there and no other engine. In a text it decides
        beside "could not select device driver" or "load library failed: libnvidia-ml.so.1", where nothing speaks of
        Windows or WSL.

    Fix:
        Use Docker Engine beside it: install docker-ce as https://docs.docker.com/engine/install/ says, and the NVIDIA
        Container Toolkit, then `docker context use default` (`docker context ls` shows which one is in use). Images
        of the two are apart.

    Harmless when:
        The containers need no GPU: unless a message says that one was asked for, it is information. On Windows with
        WSL 2 Docker Desktop has the GPU.

    Sources:
        https://docs.docker.com/desktop/features/gpu/
    """
    desktop = [one for one in runtime.engines if one.name == "docker-desktop"]
    others = [one for one in runtime.engines if one.name in ("docker", "podman")]
    if not desktop or others or not bare(os) or not smi_lists(smi):
        return
    yield Problem(
        subject="machine",
        message="the only docker here is Docker Desktop, whose containers run in a virtual machine without the GPU",
        evidence=(seen(desktop[0].path, "installed"),),
        source=DOCKER_DESKTOP,
        severity=Severity.INFO,
    )


@also(docker_desktop_on_linux)
def from_messages(symptoms: tuple[Symptom, ...], os: OsFacts | None) -> Result:
    """The container tools found nothing of NVIDIA's, and the docker command talks to Docker Desktop."""
    refusals = every(symptoms, *_REFUSALS)
    desktop = every(symptoms, "docker-desktop-linux")
    if os is not None and os.id and bare(os):  # by its name alone only where the text is of a Linux
        desktop += every(symptoms, "docker-desktop-named")
    # Docker Desktop's context has this name inside WSL too, where it has the GPU.
    windows = every(symptoms, "wsl-named", "windows-build") or (os is not None and os.wsl is not None)
    if not refusals or not desktop or windows:
        return
    yield Problem(
        subject="machine",
        message="docker is Docker Desktop, whose containers run in a virtual machine without the host's GPU",
        evidence=tuple(one.seen for one in (*desktop, *refusals)),
        source=DOCKER_DESKTOP,
        confidence=Confidence.LIKELY,
    )
