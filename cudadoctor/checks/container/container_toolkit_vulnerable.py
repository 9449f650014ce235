"""Says that the NVIDIA Container Toolkit has a known way out of the container."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, Source, Unknown, check
from cudadoctor.checks.shared.machine import bare, seen
from cudadoctor.checks.shared.messages import installed, release_of
from cudadoctor.facts.distro import DistroFacts
from cudadoctor.facts.system import OsFacts

_READ_ON = "2026-11-25"
_FIXED = (
    ((1, 16, 2), "CVE-2024-0132", "https://nvidia.custhelp.com/app/answers/detail/a_id/5582"),
    (
        (1, 17, 4),
        "CVE-2025-23359",
        "https://github.com/NVIDIA/nvidia-container-toolkit/security/advisories/GHSA-4hmh-pm5p-9j7j",
    ),
    ((1, 17, 8), "CVE-2025-23266", "https://www.cve.org/CVERecord?id=CVE-2025-23266"),
)
"""(first version without it, name, where that is said), read 2026-11-25; each lets a container reach the host."""


@check("SEC001", severity=Severity.INFO)
def container_toolkit_vulnerable(os: OsFacts, distro: DistroFacts) -> Result:
    """The installed NVIDIA Container Toolkit lets a malicious image reach the host.

    Why:
        Before 1.16.2 (CVE-2024-0132), 1.17.4 (CVE-2025-23359) and 1.17.8 (CVE-2025-23266) an image can be made so
        that starting it with the NVIDIA runtime gives it the host's files or root on the host. Who can start
        containers from images of others here is exposed.

    How we know:
        The version of the package nvidia-container-toolkit against the first version without each fault, by NVIDIA's
        bulletins.

    Fix:
        `sudo apt-get install --only-upgrade nvidia-container-toolkit nvidia-container-toolkit-base
        libnvidia-container-tools libnvidia-container1`, or `sudo dnf upgrade nvidia-container-toolkit`; restart
        docker or containerd. Under the GPU Operator the toolkit comes with the operator: upgrade that.

    Harmless when:
        Only your own images run here, or the distribution has put the corrections into an older version (Azure Linux,
        Amazon Linux and others build their own).

    Sources:
        https://nvidia.custhelp.com/app/answers/detail/a_id/5582
        https://github.com/NVIDIA/nvidia-container-toolkit/security/advisories/GHSA-4hmh-pm5p-9j7j
        https://www.cve.org/CVERecord?id=CVE-2025-23266
    """
    if not bare(os):
        return
    if distro.packages is None:
        yield Unknown(subject="machine", reason="the installed packages are not known")
        return
    for one in installed(distro, "nvidia-container-toolkit"):
        version = release_of(one.version)
        open_ = [row for row in _FIXED if version and version < row[0]]
        if not open_:
            continue
        names = ", ".join(name for _, name, _ in open_)
        last = open_[-1]
        yield Problem(
            subject="machine",
            message=f"nvidia-container-toolkit {one.version} has {names}: a malicious image can reach the host",
            evidence=(seen("package nvidia-container-toolkit", one.version),),
            source=Source(title=f"{last[1]}", url=last[2], read_on=_READ_ON),
            confidence=Confidence.LIKELY,
        )
