"""Finds an apt that only has NVIDIA's old key."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Severity, also, check
from cudadoctor.checks.engine.sources import CUDA_KEY_ROTATION
from cudadoctor.checks.shared.machine import seen
from cudadoctor.checks.shared.messages import NVIDIA_NETWORK, every
from cudadoctor.facts.distro import DistroFacts
from cudadoctor.facts.symptom import Symptom

_OLD = "F60F4B3D7FA2AF80"
_NEW = "A4B469963BF863CC"
_MESSAGE = "apt has NVIDIA's key 7fa2af80, which was retired on 2022-04-27, and not 3bf863cc, which replaced it"


@check("APT001", severity=Severity.ERROR)
def apt_nvidia_key_rotated(distro: DistroFacts) -> Result:
    """Apt does not have the key with which NVIDIA's CUDA repositories have been signed since April 2022.

    Why:
        On 2022-04-27 NVIDIA replaced the key 7fa2af80 by 3bf863cc. A machine or base image that was set up before has
        only the old one: `The following signatures couldn't be verified because the public key is not available:
        NO_PUBKEY A4B469963BF863CC`, and nothing can be installed from that repository.

    How we know:
        "NO_PUBKEY A4B469963BF863CC" in apt's words. On a live machine the keyrings that apt uses for NVIDIA's
        repository are read: the old key (…7FA2AF80) is there, the new one (…3BF863CC) is not.

    Fix:
        `sudo apt-key del 7fa2af80` (where there is an apt-key), remove older entries of the repository
        (/etc/apt/sources.list.d/cuda.list, lines with developer.download.nvidia.com/compute/cuda/repos in
        /etc/apt/sources.list, and nvidia-ml.list), then install the keyring package of your release: `wget
        https://developer.download.nvidia.com/compute/cuda/repos/ubuntu2204/x86_64/cuda-keyring_1.1-1_all.deb`
        (ubuntu1804: cuda-keyring_1.0-1_all.deb; debian12, ubuntu2404, sbsa for ARM likewise), `sudo dpkg -i
        cuda-keyring_1.1-1_all.deb`, `sudo apt-get update`.

        In a Dockerfile: the same lines before the first `apt-get update`, or a newer tag of the base image; `wget`
        comes from the distribution, so remove the two .list files first.

    Harmless when:
        Only local repositories (file:/var/cuda-repo-…) are used: each is signed with its own key.

    Sources:
        https://github.com/NVIDIA/cuda-repo-management/issues/4
    """
    network = [one for one in distro.sources or () if NVIDIA_NETWORK in one.uri and not one.trusted]
    for source in network:
        named = source.signed_by if source.signed_by and source.signed_by.startswith("/") else None
        if source.signed_by is not None and named is None:
            continue
        trusted = [one for one in distro.keyrings if one.file.startswith("/etc/apt/trusted.gpg")]
        keyrings = [one for one in distro.keyrings if one.file == named] if named else trusted
        known = [key[-16:] for one in keyrings for key in one.fingerprints]
        if _OLD in known and _NEW not in known and not _newer_signature(source.uri):
            holder = next(one for one in keyrings if any(key.endswith(_OLD) for key in one.fingerprints))
            yield Problem(
                subject="machine",
                message=_MESSAGE,
                evidence=(seen(f"{source.file}:{source.line}", source.uri), seen(holder.file, f"key {_OLD}")),
                source=CUDA_KEY_ROTATION,
                severity=Severity.WARNING,
            )
            return


def _newer_signature(uri: str) -> bool:
    """Repositories that have a key of their own, younger than both."""
    return any(f"/repos/{name}/" in uri for name in ("debian13", "ubuntu2604"))


@also(apt_nvidia_key_rotated)
def from_messages(symptoms: tuple[Symptom, ...]) -> Result:
    """Apt names the key that it lacks."""
    missing = [
        one
        for one in every(symptoms, "apt-key-unknown")
        if one.values.get("key", "").replace(" ", "").upper().endswith(_NEW)
    ]
    if missing:
        yield Problem(
            subject="machine",
            message="apt does not have NVIDIA's key 3bf863cc, which has signed the CUDA repositories since 2022-04-27",
            evidence=tuple(one.seen for one in missing),
            source=CUDA_KEY_ROTATION,
        )
