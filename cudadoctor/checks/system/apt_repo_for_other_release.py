"""Says that NVIDIA's repository is that of another release or architecture."""

from __future__ import annotations

import re

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, also, check
from cudadoctor.checks.engine.sources import INSTALL_GUIDE
from cudadoctor.checks.shared.machine import seen
from cudadoctor.checks.shared.messages import every
from cudadoctor.facts.distro import DistroFacts
from cudadoctor.facts.subject import File
from cudadoctor.facts.symptom import Symptom
from cudadoctor.facts.system import OsFacts

_PLACE = re.compile(r"/compute/cuda/repos/([a-z0-9-]{3,24})/(x86_64|sbsa|arm64|ppc64el|cross-linux-\w{1,12})(?:/|\Z)")
_ARCH = {"x86_64": ("x86_64",), "aarch64": ("sbsa", "arm64"), "ppc64le": ("ppc64el",)}


@check("APT006", severity=Severity.INFO)
def apt_repo_for_other_release(os: OsFacts, distro: DistroFacts) -> Result:
    """NVIDIA's repository in apt's sources is that of another release of the distribution.

    Why:
        The packages of each repository are built against the libraries and kernels of one release. From another one
        they often install and work; dependencies that cannot be satisfied, and a driver that does not fit the
        distribution's own packages, come from it too. Under WSL the `wsl-ubuntu` repository is the right one: its
        `cuda` brings no Linux driver.

    How we know:
        The address in apt's sources (…/cuda/repos/ubuntu2004/x86_64) against this machine's release and architecture;
        in a text "nsight-systems … : Depends: libtinfo5 … but it is not installable".

    Fix:
        Remove the entry, and install the cuda-keyring package of this release:
        https://developer.download.nvidia.com/compute/cuda/repos/ lists them. Where NVIDIA has none for this release
        (Ubuntu's interim releases), the one of the last LTS is what there is.

    Harmless when:
        It was chosen on purpose, for a toolkit that the newer repository no longer has, and installs without
        conflicts.

    Sources:
        https://docs.nvidia.com/cuda/cuda-installation-guide-linux/
    """
    from cudadoctor.compat.apt import keyring, repository_name

    own = repository_name(os.id or "", os.version_id or "")
    known = own is not None and keyring(own) is not None
    for one in distro.sources or ():
        match = _PLACE.search(one.uri)
        if match is None:
            continue
        name, arch = match.groups()
        wrong_arch = os.arch in _ARCH and arch not in _ARCH[os.arch] and not arch.startswith("cross")
        wrong_release = known and os.wsl is None and name != own
        wrong_wsl = os.wsl is not None and os.id == "ubuntu" and name != "wsl-ubuntu"
        if not (wrong_arch or wrong_release or wrong_wsl):
            continue
        own_name = "wsl-ubuntu" if os.wsl is not None else own or "of this release"
        wanted = f"{own_name}, {_ARCH.get(os.arch or '', ('this architecture',))[0]}"
        yield Problem(
            subject=str(File(one.file, one.line)),
            message=f"the CUDA repository is that of {name}, {arch}; this machine's own is {wanted}",
            evidence=(seen(f"{one.file}:{one.line}", one.uri),),
            source=INSTALL_GUIDE,
        )


@also(apt_repo_for_other_release)
def from_messages(symptoms: tuple[Symptom, ...]) -> Result:
    """libtinfo5, which Ubuntu has had up to 23.04 and Debian up to 12, is needed by packages for older releases."""
    for one in every(symptoms, "apt-needs-libtinfo5"):
        yield Problem(
            subject="machine",
            message="the CUDA packages are those of an older release: they need libtinfo5, which this one lacks",
            evidence=(one.seen,),
            source=INSTALL_GUIDE,
            severity=Severity.ERROR,
            confidence=Confidence.LIKELY,
        )
        return
