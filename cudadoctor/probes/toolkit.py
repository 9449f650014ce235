"""CUDA toolkits on disk, and which of them the user's shell would use."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping

from cudadoctor.facts.base import Gap
from cudadoctor.facts.toolkit import ToolkitFacts, ToolkitInventory, ToolkitLink
from cudadoctor.host.base import Denied, Host, Refusal
from cudadoctor.probes.base import Clock, Found, Request
from cudadoctor.probes.nvcc_find import DISTRIBUTION_ROOTS, Nvcc, resolve
from cudadoctor.probes.quiet import Quiet
from cudadoctor.probes.toolkit_root import Candidate, examine

_PLACES = ("/usr/local/cuda*", "/opt/cuda*", "/opt/nvidia/cuda*", "/opt/nvidia/hpc_sdk/*/*/cuda/*", *DISTRIBUTION_ROOTS)
_MOST_ROOTS = 60


def probe(host: Host, request: Request, clock: Clock) -> Found[ToolkitInventory]:
    """All toolkits by their real directories, the links to them, CUDA_HOME, and the first nvcc on PATH."""
    del request
    quiet = Quiet(host)
    variable, home = _cuda_home(host.env)
    on_path = [nvcc for nvcc in (resolve(quiet, path) for path in quiet.which("nvcc")) if nvcc is not None]
    links = tuple(_links(quiet))
    toolkits: dict[str, ToolkitFacts] = {}
    for candidate in _candidates(quiet, home, on_path, links):
        found = examine(quiet, clock, candidate)
        if found is not None:
            toolkits[candidate.real] = found
    gaps = tuple(
        Gap(fact="toolkit.version", reason=f"{toolkit.root}: none of its files tells the version")
        for toolkit in toolkits.values()
        if toolkit.version is None
    )
    home_real = quiet.real(home) if home and home.startswith("/") else None
    return Found(
        value=ToolkitInventory(
            toolkits=tuple(toolkits.values()),
            links=links,
            nvcc_on_path=on_path[0].found if on_path else None,
            nvcc_on_path_root=_known(toolkits, _canonical(quiet, on_path[0].root) if on_path else None),
            cuda_home=home,
            cuda_home_variable=variable,
            cuda_home_exists=quiet.is_dir(home) if home else None,
            cuda_home_root=_known(toolkits, _canonical(quiet, home_real) if home_real else None),
        ),
        gaps=gaps,
    )


def _cuda_home(env: Mapping[str, str]) -> tuple[str | None, str | None]:
    """The variable that names the toolkit, and its value; one that is set to nothing names none."""
    return next(((name, env[name]) for name in ("CUDA_HOME", "CUDA_PATH") if env.get(name)), (None, None))


def _known(toolkits: Mapping[str, ToolkitFacts], real: str | None) -> str | None:
    return real if real in toolkits else None


def _canonical(host: Quiet, real: str) -> str:
    """The one name of a distribution's toolkit, whose parts lie in several places."""
    if real in {"/usr", *DISTRIBUTION_ROOTS}:
        return next((path for path in DISTRIBUTION_ROOTS if host.real(path) == path), real)
    return real


def _links(host: Quiet) -> Iterator[ToolkitLink]:
    for path in dict.fromkeys(("/usr/local/cuda", *host.globs("/usr/local/cuda*", "/opt/cuda*", most=_MOST_ROOTS))):
        entry = host.stat(path)
        if entry is None or entry.kind != "link":
            continue
        try:
            resolved: str | None = host.host.realpath(path)
        except Denied:
            continue  # where it leads may not be looked at, which is not the same as nowhere
        except Refusal:
            resolved = None
        yield ToolkitLink(path=path, target=entry.target or "", resolved=resolved)


def _candidates(
    host: Quiet, home: str | None, nvccs: list[Nvcc], links: tuple[ToolkitLink, ...]
) -> tuple[Candidate, ...]:
    """Directories that may hold a toolkit, each real one once."""
    own = host.home
    patterns = (*_PLACES, f"{own}/cuda*", f"{own}/.local/cuda*") if own and own != "/" else _PLACES
    compilers: dict[str, Nvcc] = {}
    for nvcc in nvccs:
        compilers.setdefault(_canonical(host, nvcc.root), nvcc)
    prefix = host.env("CONDA_PREFIX")
    named = [path for path in (home, prefix) if path and path.startswith("/")]
    paths = dict.fromkeys((*host.globs(*patterns, most=_MOST_ROOTS), *named, *compilers))
    dead = {link.path for link in links if link.resolved is None}
    found: dict[str, Candidate] = {}
    for path in list(paths)[:_MOST_ROOTS]:
        real = None if path in dead else path if path in compilers else host.real(path)
        if real is None:
            continue
        real = _canonical(host, real)
        shown = real if real in DISTRIBUTION_ROOTS else posixpath.normpath(path)
        # The directory's own name before that of a link to it: /usr/local/cuda-10.1 before /usr/local/cuda.
        if real not in found or shown == real:
            environment = path == prefix or (real in found and found[real].environment)
            found[real] = Candidate(path=shown, real=real, nvcc=compilers.get(real), environment=environment)
    return tuple(found.values())
