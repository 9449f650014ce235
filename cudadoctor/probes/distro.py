"""Asks for the distribution's packages and repositories."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from cudadoctor.facts.base import Gap
from cudadoctor.facts.distro import AptKeyring, AptPin, AptSource, DistroFacts, PackageChange, SystemPackage
from cudadoctor.facts.seen import Seen
from cudadoctor.host.base import Host, Refusal, TimedOut
from cudadoctor.parsers import apt_conf, apt_history, apt_sources, openpgp, packages
from cudadoctor.probes.ask import found, one_line, present, read_text
from cudadoctor.probes.base import Clock, Found, Request

_DPKG = "/var/lib/dpkg/status"
_RPM = ("/usr/lib/sysimage/rpm/rpmdb.sqlite", "/var/lib/rpm/rpmdb.sqlite", "/var/lib/rpm/Packages")
_PACMAN = "/var/lib/pacman/local"
_PACMAN_NAMES = ("*nvidia*", "cuda-*", "docker-*", "podman-*")
_SECONDS = 4.0
"""A query of the package database takes 5 to 300 ms; a locked one must not hold up the rest."""
_OURS = ("nvidia.", "cuda", "graphics-drivers", "download.docker.com")
"""Words in the address of a repository that matters here."""
_DRIVER = ("nvidia-", "libnvidia-", "cuda-drivers", "linux-modules-nvidia")
_HISTORY = ("/var/log/apt/history.log", "/var/log/apt/history.log.1")
_RUNFILE = "/usr/bin/nvidia-uninstall"
_TRUSTED = ("/etc/apt/trusted.gpg", "/etc/apt/trusted.gpg.d/*.gpg", "/etc/apt/trusted.gpg.d/*.asc")
_CONF = ("/etc/apt/apt.conf.d/*upgrades*", "/etc/apt/apt.conf.d/*periodic*")
"""No others: they may name proxies with passwords."""
_SEQUOIA = "/etc/crypto-policies/back-ends/apt-sequoia.config"


def probe(host: Host, request: Request, clock: Clock) -> Found[DistroFacts]:  # noqa: ARG001
    """Packages that matter, and of apt: repositories, keys, pins, what runs by itself, and the driver's history."""
    gaps: list[Gap] = []
    runfile = _RUNFILE if present(host, _RUNFILE) else None
    databases = [path for path in _RPM if present(host, path)]
    pacman = _pacman(host)
    if present(host, _DPKG):
        argv = ("dpkg-query", "-W", "-f", packages.DPKG_FORMAT, *packages.NAMES)
        text = _ask(host, argv, clock, gaps)
        rows = None if text is None else _sorted(packages.dpkg_query(text))
        seen = Seen(where="dpkg-query -W", text=f"{len(rows or ())} packages that matter here")
        return Found(value=_apt(host, rows, seen if rows is not None else None, runfile), gaps=tuple(gaps))
    if databases:
        text = _ask(host, ("rpm", "-qa", "--qf", packages.RPM_FORMAT, *packages.NAMES), clock, gaps)
        rows = None if text is None else _sorted(packages.rpm_query(text))
        return Found(value=DistroFacts(manager="rpm", packages=rows, runfile=runfile), gaps=tuple(gaps))
    if pacman is not None:
        return Found(value=DistroFacts(manager="pacman", packages=pacman, runfile=runfile))
    gap = Gap(fact="distro.packages", reason="no package database of dpkg, rpm or pacman was found")
    return Found(value=DistroFacts(runfile=runfile), gaps=(gap,))


def _pacman(host: Host) -> tuple[SystemPackage, ...] | None:
    folders = [path for name in _PACMAN_NAMES for path in found(host, f"{_PACMAN}/{name}") or ()]
    known = found(host, f"{_PACMAN}/ALPM_DB_VERSION")
    return _sorted(packages.pacman_folders(tuple(dict.fromkeys(folders)))) if known else None


def _ask(host: Host, argv: tuple[str, ...], clock: Clock, gaps: list[Gap]) -> bytes | None:
    """What the manager's query printed; its status is 1 where one of the patterns matches nothing."""
    try:
        ended = host.run(argv, timeout=clock.limit(_SECONDS))
    except TimedOut:
        gaps.append(Gap(fact="distro.packages", reason=f"{argv[0]} did not answer within {_SECONDS:g} s"))
        return None
    except Refusal as refusal:
        gaps.append(Gap(fact="distro.packages", reason=str(refusal)))
        return None
    if ended.returncode not in (0, 1):
        words = one_line(ended.stderr[:2000].decode("utf-8", "replace"), longest=120)
        gaps.append(Gap(fact="distro.packages", reason=f"{argv[0]} ended with {ended.returncode}: {words}"))
        return None
    return ended.stdout


def _sorted(rows: Iterable[SystemPackage]) -> tuple[SystemPackage, ...]:
    return tuple(sorted(rows, key=lambda one: (one.name, one.version)))


def _apt(host: Host, rows: tuple[SystemPackage, ...] | None, seen: Seen | None, runfile: str | None) -> DistroFacts:
    sources = _sources(host)
    conf = [text for name in _CONF for path in found(host, name) or () if (text := _small(host, path))]
    answers = [answer for text in conf if (answer := apt_conf.unattended(text)) is not None]
    return DistroFacts(
        manager="dpkg",
        packages=rows,
        packages_seen=seen,
        sources=sources,
        keyrings=_keyrings(host, sources),
        pins=_pins(host),
        unattended=answers[-1] if answers else None,
        blacklist=tuple(one for text in conf for one in apt_conf.blacklist(text)),
        changes=_changes(host),
        sequoia_policy=present(host, _SEQUOIA),
        runfile=runfile,
    )


def _small(host: Host, path: str) -> str | None:
    return read_text(host, path, limit=1 << 17)


def _sources(host: Host) -> tuple[AptSource, ...]:
    kept: list[AptSource] = []
    lists = ("/etc/apt/sources.list", *(found(host, "/etc/apt/sources.list.d/*.list") or ()))
    stanzas = found(host, "/etc/apt/sources.list.d/*.sources") or ()
    for path, parse in (
        *((one, apt_sources.one_line) for one in lists),
        *((one, apt_sources.deb822) for one in stanzas),
    ):
        kept += [one for one in parse(_small(host, path) or "", path) if any(word in one.uri.lower() for word in _OURS)]
    return tuple(kept)


def _keyrings(host: Host, sources: tuple[AptSource, ...]) -> tuple[AptKeyring, ...]:
    """The keyrings that NVIDIA's repositories name, and those that apt trusts for everything, where there are such."""
    ours = [one for one in sources if "nvidia" in one.uri or "cuda" in one.uri]
    paths = [one.signed_by for one in ours if one.signed_by and one.signed_by.startswith("/")]
    trusted = [path for pattern in _TRUSTED for path in found(host, pattern) or ()]
    if ours:
        paths += trusted
    kept = []
    for path in dict.fromkeys(paths):
        try:
            data = host.read(path, limit=1 << 19)
        except Refusal:
            continue
        kept.append(AptKeyring(file=path, fingerprints=openpgp.fingerprints(data)))
    return tuple(kept)


def _pins(host: Host) -> tuple[AptPin, ...]:
    paths = ("/etc/apt/preferences", *(found(host, "/etc/apt/preferences.d/*") or ()))
    return tuple(
        replace(one, package=one_line(one.package), pin=one_line(one.pin))
        for path in paths
        for one in apt_sources.preferences(_small(host, path) or "", path)
        if any(word in f"{one.package} {one.pin}".lower() for word in ("nvidia", "cuda"))
    )


def _changes(host: Host) -> tuple[PackageChange, ...]:
    rows: list[PackageChange] = []
    for path in reversed(_HISTORY):
        # The log of a month seldom reaches 1 MiB; a longer one is left out rather than kept in a snapshot.
        rows += apt_history.parse(read_text(host, path, limit=1 << 20) or "", _DRIVER)
    return tuple(rows[-200:])
