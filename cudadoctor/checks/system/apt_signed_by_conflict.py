"""Finds two entries for one repository that name different keys."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Severity, also, check
from cudadoctor.checks.engine.sources import CUDA_KEY_ROTATION
from cudadoctor.checks.shared.machine import clean, seen
from cudadoctor.checks.shared.messages import every
from cudadoctor.facts.distro import AptSource, DistroFacts
from cudadoctor.facts.symptom import Symptom

_OURS = ("nvidia.", "docker.com")


@check("APT002", severity=Severity.ERROR)
def apt_signed_by_conflict(distro: DistroFacts) -> Result:
    """Two entries for one repository name different keys, and apt stops.

    Why:
        apt demands that all entries for one address and suite name the same `Signed-By`. After `cuda-keyring` (or the
        toolkit's list) was installed beside an entry by hand, they differ: `E: Conflicting values set for option
        Signed-By regarding source …` and `The list of sources could not be read`. Then apt installs nothing at all,
        from no repository.

    How we know:
        "E: Conflicting values set for option Signed-By regarding source https://developer.download.nvidia.com/… :
        /usr/share/keyrings/cuda-archive-keyring.gpg !=" decides. On a live machine all entries for one address and
        suite are compared.

    Fix:
        Keep the entry that has signed-by, and remove the other. `grep -rn nvidia /etc/apt/sources.list
        /etc/apt/sources.list.d` shows the entries. Keep the one with signed-by (such as cuda-ubuntu2204-x86_64.list of
        cuda-keyring; nvidia-container-toolkit.list) and remove the other: `sudo rm /etc/apt/sources.list.d/cuda.list`,
        an archive_uri-…list of add-apt-repository, or the line in /etc/apt/sources.list. Then `sudo apt-get update`.

    Harmless when:
        Never: apt does not work until one of them is gone.

    Sources:
        https://github.com/NVIDIA/cuda-repo-management/issues/4
    """
    first: dict[tuple[str, str], AptSource] = {}
    for one in distro.sources or ():
        key = (one.uri.rstrip("/"), one.suite.rstrip("/"))
        other = first.setdefault(key, one)
        # Keys are compared as apt does, as words; a key that stands in the file itself cannot be compared here.
        if other.signed_by == one.signed_by or "inline" in (one.signed_by, other.signed_by):
            continue
        yield Problem(
            subject="machine",
            message=f"two entries for {clean(one.uri, 120)} name different keys: apt reads no sources at all",
            evidence=tuple(
                seen(f"{each.file}:{each.line}", f"signed-by {each.signed_by or 'not set'}") for each in (other, one)
            ),
            source=CUDA_KEY_ROTATION,
        )
        return


@also(apt_signed_by_conflict)
def from_messages(symptoms: tuple[Symptom, ...]) -> Result:
    """Apt's own words about a repository of NVIDIA or Docker."""
    for one in every(symptoms, "apt-signed-by-conflict"):
        uri = one.values.get("uri", "")
        if any(word in uri for word in _OURS):
            yield Problem(
                subject="machine",
                message=f"two entries for {clean(uri, 120)} name different keys: apt reads no sources at all",
                evidence=(one.seen,),
                source=CUDA_KEY_ROTATION,
            )
            return
