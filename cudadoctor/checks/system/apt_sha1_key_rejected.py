"""Finds an apt that no longer accepts how NVIDIA's older key is signed."""

from __future__ import annotations

import re

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, also, check
from cudadoctor.checks.engine.sources import CUDA_KEY_SHA1
from cudadoctor.checks.shared.machine import clean, seen
from cudadoctor.checks.shared.messages import NVIDIA_NETWORK, every, installed
from cudadoctor.facts.distro import DistroFacts
from cudadoctor.facts.symptom import Symptom
from cudadoctor.facts.system import OsFacts

_KEY = "A4B469963BF863CC"
_OLDER = re.compile(r"/repos/(?:ubuntu(?:1604|1804|2004|2204|2404)|debian(?:9|10|11|12)|wsl-ubuntu)/")
"""Repositories signed with 3bf863cc, whose binding signature is SHA-1 (read 2026-11-25)."""


@check("APT003", severity=Severity.ERROR)
def apt_sha1_key_rejected(os: OsFacts, distro: DistroFacts) -> Result:
    """Apt refuses NVIDIA's repository key because the key itself is bound with SHA-1.

    Why:
        apt 3 checks signatures with sqv (Sequoia), whose policy on Debian 13 refuses SHA-1 since 2026-02-01. NVIDIA's
        key 3bf863cc, which signs the repositories for Ubuntu up to 24.04, Debian up to 12 and WSL, is bound with
        SHA-1: `Signing key on EB693B3035CD5710E231E123A4B469963BF863CC is not bound … SHA1 is not considered secure
        since 2026-02-01`. NVIDIA does not sign old repositories anew.

    How we know:
        sqv's "Signing key on EB693B3035CD5710E231E123A4B469963BF863CC is not bound" in apt's words. On a live machine
        Debian 13 or newer with sqv, without a policy of its own, and one of the older repositories in its sources.

    Fix:
        Use the repository of your own release: debian13 and ubuntu2604 are signed with a newer key. Remove the older
        cuda-….list and install the cuda-keyring package from the new address.

        Where only an older repository will do, let the administrator move the date for apt alone, in
        /etc/crypto-policies/back-ends/apt-sequoia.config, and take it back later.

        Never `[trusted=yes]`: it switches every check of that repository off.

    Harmless when:
        Nothing is to be installed from that repository any more. Machines whose apt verifies with gpgv (Ubuntu 22.04
        and 24.04, Debian 12) are not affected.

    Sources:
        https://github.com/NVIDIA/cuda-repo-management/issues/34
        https://github.com/NVIDIA/cuda-repo-management/issues/39
    """
    if os.id != "debian" or not (os.version_id or "").isdigit() or int(os.version_id or "0") < 13:
        return
    if distro.sequoia_policy or not installed(distro, "sqv"):
        return
    for one in distro.sources or ():
        if NVIDIA_NETWORK in one.uri and _OLDER.search(f"{one.uri}/") and not one.trusted:
            yield Problem(
                subject="machine",
                message=f"apt of Debian {os.version_id} refuses the key of {clean(one.uri, 110)}: it is bound by SHA-1",
                evidence=(seen(f"{one.file}:{one.line}", one.uri),),
                source=CUDA_KEY_SHA1,
                severity=Severity.WARNING,
                confidence=Confidence.LIKELY,
            )
            return


@also(apt_sha1_key_rejected)
def from_messages(symptoms: tuple[Symptom, ...]) -> Result:
    """Sqv names the key that it does not accept."""
    refused = [one for one in every(symptoms, "apt-key-not-bound") if one.values.get("key", "").upper().endswith(_KEY)]
    if refused:
        yield Problem(
            subject="machine",
            message="apt refuses NVIDIA's key 3bf863cc, because the key is bound with SHA-1",
            evidence=tuple(one.seen for one in refused),
            source=CUDA_KEY_SHA1,
        )
