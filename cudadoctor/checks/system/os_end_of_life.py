"""Says that the distribution's release gets no more updates."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Severity, Source, check
from cudadoctor.checks.shared.machine import seen
from cudadoctor.facts.system import OsFacts

_READ_ON = "2026-11-25"
_ENDED = {
    ("ubuntu", "14.04"): "2019-04",
    ("ubuntu", "16.04"): "2021-04",
    ("ubuntu", "18.04"): "2023-05",
    ("ubuntu", "20.04"): "2025-05",
    ("debian", "9"): "2022-06",
    ("debian", "10"): "2024-06",
    ("debian", "11"): "2026-08",
    ("centos", "7"): "2024-06",
    ("centos", "8"): "2021-12",
}
"""Standard support of Ubuntu, LTS of Debian, CentOS Linux: month in which it ended, of those that ended before the day
of reading. There is no clock here."""
_PAGES = {
    "ubuntu": ("Ubuntu release cycle", "https://ubuntu.com/about/release-cycle"),
    "debian": ("Debian releases", "https://wiki.debian.org/DebianReleases"),
    "centos": ("CentOS Linux: end of life", "https://www.centos.org/centos-linux-eol/"),
}


@check("OS001", severity=Severity.INFO)
def os_end_of_life(os: OsFacts) -> Result:
    """This release of the distribution gets no more updates.

    Why:
        Its security updates have ended (Ubuntu Pro goes on for some), its glibc no longer satisfies the newest torch
        wheels (2.28 is needed from torch 2.7 on; Ubuntu 18.04 has 2.27), and NVIDIA makes no packages of new toolkits
        for it. What is installed goes on working.

    How we know:
        ID and VERSION_ID of /etc/os-release against the months that Canonical, Debian and CentOS have published. There
        is no clock: only what had ended when the pages were read is reported.

    Fix:
        Nothing has to be done for CUDA itself: a current driver and containers work on old releases too (`docker run
        --gpus all` with an image of a newer distribution brings its own glibc). When it suits you, move to a release
        that is supported, or attach Ubuntu Pro (`pro attach`).

    Harmless when:
        The machine works and is kept as it is on purpose.

    Sources:
        https://ubuntu.com/about/release-cycle
        https://wiki.debian.org/DebianReleases
    """
    if os.container is not None or os.jetson is not None:
        return
    ended = _ENDED.get((os.id or "", os.version_id or ""))
    if ended is None:
        return
    title, url = _PAGES[os.id or ""]
    yield Problem(
        subject="machine",
        message=f"{os.pretty_name or f'{os.id} {os.version_id}'}: its standard support ended in {ended}",
        evidence=(seen("/etc/os-release", f"{os.id} {os.version_id}"),),
        source=Source(title=title, url=url, read_on=_READ_ON),
    )
