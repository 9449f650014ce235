"""Finds docker from a snap, which sees another file system than the host's."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, also, check
from cudadoctor.checks.engine.sources import DOCKER_SNAP
from cudadoctor.checks.shared.machine import bare, seen, smi_lists
from cudadoctor.checks.shared.messages import every
from cudadoctor.facts.driver import SmiFacts
from cudadoctor.facts.runtime import RuntimeFacts
from cudadoctor.facts.symptom import Symptom
from cudadoctor.facts.system import OsFacts

_REFUSALS = ("nvml-library-not-found", "no-gpu-device-driver", "nvidia-runtime-unknown", "nvidia-hook-missing")


@check("CT007", severity=Severity.ERROR)
def docker_snap(os: OsFacts, runtime: RuntimeFacts, smi: SmiFacts | None) -> Result:
    """Docker is a snap, which does not see the host's driver libraries and toolkit.

    Why:
        A snap runs in its own view of the file system. The docker snap finds neither the NVIDIA Container Toolkit of
        the host nor, in its older revisions, the driver's libraries: `load library failed: libnvidia-ml.so.1`,
        although nvidia-smi works on the host. Its configuration is in /var/snap/docker, so edits of
        /etc/docker/daemon.json and `nvidia-ctk runtime configure` do nothing.

    How we know:
        docker lies in /snap or its data in /var/snap/docker. In a text that path, or `snap install docker`, beside
        "could not select device driver", "unknown or invalid runtime name: nvidia" or "load library failed:
        libnvidia-ml.so.1".

    Fix:
        Replace it by Docker's own packages: `sudo snap remove docker` (its images and volumes go with it: export what
        you need first), then install docker-ce as https://docs.docker.com/engine/install/ says, and the NVIDIA
        Container Toolkit. To stay with the snap: `sudo snap refresh docker`; current revisions bring a toolkit of
        their own and start containers with `--runtime=nvidia`.

    Harmless when:
        A current snap found the driver and its containers see the GPU, or no container needs it: unless a message
        says that it failed, it is information.

    Sources:
        https://github.com/NVIDIA/nvidia-docker/issues/1711
        https://github.com/canonical/docker-snap
    """
    snaps = [one for one in runtime.engines if one.name == "docker" and one.snap]
    if not snaps or not bare(os) or not smi_lists(smi):
        return
    yield Problem(
        subject="machine",
        message="docker is a snap: it does not use the NVIDIA Container Toolkit of the host, only one of its own",
        evidence=(seen(snaps[0].path, "the snap's docker"),),
        source=DOCKER_SNAP,
        severity=Severity.INFO,
    )


@also(docker_snap)
def from_messages(symptoms: tuple[Symptom, ...], runtime: RuntimeFacts | None) -> Result:
    """The container tools found no library, and docker is a snap."""
    refusals = every(symptoms, *_REFUSALS)
    by_words = every(symptoms, "docker-from-snap")
    by_files = [one for one in (runtime.engines if runtime is not None else ()) if one.name == "docker" and one.snap]
    if not refusals or not (by_words or by_files):
        return
    yield Problem(
        subject="machine",
        message="docker is a snap, and does not see the host's driver libraries or toolkit",
        evidence=tuple(one.seen for one in (*by_words, *refusals)),
        source=DOCKER_SNAP,
        confidence=Confidence.LIKELY,
    )
