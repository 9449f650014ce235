"""Says that NVIDIA's key is one that apt trusts for everything, or that there is no apt-key any more."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Severity, also, check
from cudadoctor.checks.engine.sources import APT_KEY
from cudadoctor.checks.shared.machine import seen
from cudadoctor.checks.shared.messages import NVIDIA_NETWORK, every
from cudadoctor.facts.distro import DistroFacts
from cudadoctor.facts.symptom import Symptom

_NVIDIA = ("F60F4B3D7FA2AF80", "A4B469963BF863CC")
_GLOBAL = "/etc/apt/trusted.gpg"


@check("APT007", severity=Severity.INFO)
def apt_key_deprecated(distro: DistroFacts) -> Result:
    """NVIDIA's key was added with apt-key, which newer releases no longer have.

    Why:
        `apt-key add` puts a key into /etc/apt/trusted.gpg, where it is trusted for every repository of the machine.
        apt warns of that (`Key is stored in legacy trusted.gpg keyring`), and Debian 13 and newer Ubuntu releases
        have no apt-key at all: `apt-key: command not found`, so old instructions stop there.

    How we know:
        "apt-key: command not found", or "W: https://developer.download.nvidia.com/…: Key is stored in legacy
        trusted.gpg keyring (/etc/apt/trusted.gpg)". On a live machine NVIDIA's key in /etc/apt/trusted.gpg and an entry
        without signed-by.

    Fix:
        Install NVIDIA's cuda-keyring package: it brings the key as /usr/share/keyrings/cuda-archive-keyring.gpg and
        an entry with `signed-by`. For a local repository of CUDA: `sudo cp /var/cuda-repo-*/cuda-*-keyring.gpg
        /usr/share/keyrings/` (with older ones, whose key is 7fa2af80.pub: copy that file as
        /usr/share/keyrings/cuda-local.asc and put `[signed-by=/usr/share/keyrings/cuda-local.asc]` into the entry).
        Then `sudo apt-key del 7fa2af80` where there is an apt-key.

    Harmless when:
        apt only warns: everything works as before.

    Sources:
        https://manpages.debian.org/bookworm/apt/apt-key.8.en.html
    """
    network = [one for one in distro.sources or () if NVIDIA_NETWORK in one.uri and one.signed_by is None]
    holders = [
        one for one in distro.keyrings if one.file == _GLOBAL and any(key.endswith(_NVIDIA) for key in one.fingerprints)
    ]
    if network and holders:
        yield Problem(
            subject="machine",
            message="NVIDIA's key lies in /etc/apt/trusted.gpg, where apt trusts it for every repository",
            evidence=(
                seen(_GLOBAL, "a key of NVIDIA's"),
                seen(f"{network[0].file}:{network[0].line}", f"{network[0].uri}, no signed-by"),
            ),
            source=APT_KEY,
        )


@also(apt_key_deprecated)
def from_messages(symptoms: tuple[Symptom, ...]) -> Result:
    """There is no apt-key; or apt warns of NVIDIA's key."""
    absent = every(symptoms, "apt-key-missing-program")
    legacy = [one for one in every(symptoms, "apt-legacy-keyring") if "nvidia" in one.values.get("uri", "")]
    if absent:
        yield Problem(
            subject="machine",
            message="this apt has no apt-key: a key goes into /usr/share/keyrings, and `signed-by` names it",
            evidence=tuple(one.seen for one in absent),
            source=APT_KEY,
            severity=Severity.ERROR,
        )
    elif legacy:
        yield Problem(
            subject="machine",
            message="NVIDIA's key lies in /etc/apt/trusted.gpg, where apt trusts it for every repository",
            evidence=tuple(one.seen for one in legacy),
            source=APT_KEY,
            severity=Severity.WARNING,
        )
