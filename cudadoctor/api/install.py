"""The library's plans: what `install` would do on a machine. No printing, and nothing is changed here."""

from __future__ import annotations

import glob
import posixpath
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from cudadoctor.errors import CudaDoctorError
from cudadoctor.host.base import Host, Missing, Refusal
from cudadoctor.probes.base import Request

if TYPE_CHECKING:
    from cudadoctor.facts.base import Facts
    from cudadoctor.facts.envs import EnvFacts
    from cudadoctor.probes.quiet import Quiet
    from cudadoctor.remedies.install.request import Asked, Ground, Interpreter, LocalRepository, RcFile
    from cudadoctor.remedies.plan import Plan
    from cudadoctor.shells.dialects import Shell
    from cudadoctor.versions import CudaVersion

__all__ = ["plan_install"]

_PROGRAMS = ("conda", "mamba", "micromamba", "pixi", "uv", "apt-key", "gpg")
_LIST_SECONDS = 120.0
"""dpkg-deb unpacks two gigabytes to list a local repository."""
_LARGEST_RC = 1 << 20
_VERSIONED = re.compile(r"python(3\.\d{1,2})\Z")
_ENSUREPIP = re.compile(r"/python(3(?:\.\d{1,2})?)/ensurepip/")
_RELEASE = re.compile(r"-(\d{1,2})-(\d{1,2})-local")


def plan_install(
    host: Host, asked: Asked, *, timeout: float = 60.0, progress: Callable[[str], None] | None = None
) -> Plan:
    """What leads from this machine's state to a working torch. Nothing is changed.

    Raises CudaDoctorError for a malformed value, or a file that was named and is not there.
    """
    from msgspec.structs import replace

    from cudadoctor.probes.collect import collect
    from cudadoctor.probes.quiet import Quiet
    from cudadoctor.recommend import request
    from cudadoctor.remedies.install import planner

    request.build(asked.words)  # malformed words are said before the machine is asked
    quiet = Quiet(host)
    home = _home(quiet)
    asked = replace(
        asked,
        local_repo=_file(quiet, asked.local_repo, "--local-repo"),
        conda_installer=_file(quiet, asked.conda_installer, "--conda-installer"),
        find_links=None if asked.find_links is None else _there_already(quiet, asked.find_links, "--find-links"),
        env=None if asked.env is None else _folder(quiet, asked.env),
        channels=tuple(_there_already(quiet, one, "--channel") for one in asked.channels),
    )
    facts = collect(host, Request(fast=True, timeout=timeout), progress=progress).facts
    facts = replace(facts, envs=(*(facts.envs or ()), *_at_the_place(quiet, facts, asked)))
    shell = _own_shell(host)
    block, why_none = _rc_file(quiet, home, shell) if shell is not None else (None, None)
    ground = _ground(quiet, facts, asked, home, shell)
    return planner.plan(facts, asked, home=home, block=block, ground=replace(ground, no_block=why_none))


def _folder(quiet: Quiet, text: str) -> str:
    """A folder by its whole path; what is no path stays as it is."""
    is_path = text.startswith(("/", "./", "../", "~/")) or text in (".", "..", "~")
    return posixpath.normpath(quiet.absolute(text) or text) if is_path else text


def _there_already(quiet: Quiet, text: str, option: str) -> str:
    """The same for one that is to be there. A recorded machine has not told of all folders: nothing is said of it."""
    from cudadoctor.host.local import LocalHost
    from cudadoctor.remedies.install import names

    path = _folder(quiet, text)
    local = path.removeprefix("file://")
    if local.startswith("/") and isinstance(quiet.host, LocalHost):
        try:
            quiet.host.realpath(local)
        except Missing as missing:
            raise CudaDoctorError(f"{option} `{names.shown(text)}`: there is no such folder") from missing
        except Refusal:
            return path
    return path


def _home(quiet: Quiet) -> str:
    home = quiet.home
    if home is None or not home.startswith("/"):
        raise CudaDoctorError("the home directory is not known: HOME is not set to an absolute path")
    return home


def _file(quiet: Quiet, text: str | None, option: str) -> str | None:
    """The absolute path of a file that was named, which is there."""
    from cudadoctor.remedies.install import names

    if text is None:
        return None
    path = quiet.absolute(text)
    if path is None:
        raise CudaDoctorError(f"{option} `{names.shown(text)}`: the current directory is not known: give a whole path")
    path = posixpath.normpath(path)
    names.plain_path(path, option)
    try:
        quiet.host.realpath(path)
    except Missing as missing:
        raise CudaDoctorError(f"{option} `{names.shown(text)}`: there is no such file") from missing
    except Refusal as refusal:
        raise CudaDoctorError(f"{option} `{names.shown(text)}`: cannot be read: {refusal.reason}") from refusal
    return path


def _own_shell(host: Host) -> Shell | None:
    from cudadoctor.shells import dialects

    name = host.env.get("SHELL", "")
    if name.rpartition("/")[2] in ("", "nologin", "false", "true"):  # a service's user
        return None
    try:
        return dialects.shell_named(name)
    except CudaDoctorError:
        return None


def _rc_file(quiet: Quiet, home: str, shell: Shell) -> tuple[RcFile | None, str | None]:
    """The file for the block as it is; or why it cannot be had."""
    from cudadoctor.remedies.install.request import RcFile
    from cudadoctor.shells import place

    places = place.Home.of(quiet.host.env, home)
    existing = {path for path in place.candidates(shell, places) if quiet.real(path) is not None}
    path = place.place(shell, "interactive", places, existing).path
    try:
        data: bytes | None = quiet.host.read(path, limit=_LARGEST_RC)
    except Missing:
        data = None
    except Refusal as refusal:
        return None, f"{path}: {refusal.reason or refusal.kind}, so the lines for the toolkit are left out"
    real = quiet.real(path) or path
    return RcFile(shell=shell, path=path, shown=path if real == path else f"{path} ({real})", data=data), None


def _ground(quiet: Quiet, facts: Facts, asked: Asked, home: str, shell: Shell | None) -> Ground:
    from cudadoctor.remedies.install.request import Ground

    cache = quiet.env("XDG_CACHE_HOME")
    return Ground(
        there=_there(quiet, facts, asked, home),
        programs={name: found[0] for name in _PROGRAMS if (found := quiet.which(name))},
        pythons=_pythons(quiet, facts, home),
        cache=f"{cache if cache and cache.startswith('/') else f'{home}/.cache'}/cudadoctor/downloads",
        init_file=_init_file(quiet, home, shell),
        shell=shell,
        installer_digest=_beside(quiet, asked.conda_installer),
        repository=_repository(quiet, asked.local_repo) if asked.local_repo is not None else None,
        apt_files=_apt_files(quiet, facts),
    )


def _there(quiet: Quiet, facts: Facts, asked: Asked, home: str) -> frozenset[str]:
    """What exists where something may come to be."""
    inside = glob.escape(home)
    roots = [glob.escape(root) for root in (facts.conda.roots if facts.conda is not None else ())]
    patterns = [f"{inside}/*", f"{inside}/.venvs/*", f"{inside}/.conda/envs/*", f"{inside}/*3/bin/conda"]
    patterns += [f"{root}/{what}" for root in roots for what in ("envs/*", "bin/conda", "bin/mamba")]
    if asked.env is not None and "/" in asked.env:
        path = glob.escape(asked.env)
        patterns += [path, f"{path}-[0-9]*"]
    found = set(quiet.globs(*patterns, most=5000))
    found |= {path for name in ("miniforge3", "miniconda3", "anaconda3") if quiet.stat(path := f"{home}/{name}")}
    return frozenset(found)


def _at_the_place(quiet: Quiet, facts: Facts, asked: Asked) -> tuple[EnvFacts, ...]:
    """Environments at the path that was asked for: what is there is found by its place, not by the usual ones."""
    from cudadoctor.probes import envs

    if asked.env is None or "/" not in asked.env:
        return ()
    path = glob.escape(asked.env)
    known = {one.prefix for one in facts.envs or ()}
    places = [one for one in quiet.globs(path, f"{path}-[0-9]*", most=100) if one not in known]
    inside = [f"{one}/.pixi/envs/default" for one in places]
    return tuple(env for one in (*places, *inside) if (env := envs.at(quiet.host, one)) is not None)


def _pythons(quiet: Quiet, facts: Facts, home: str) -> tuple[Interpreter, ...]:
    from cudadoctor.remedies.install.request import Interpreter

    modules = quiet.globs("/usr/lib/python3*/ensurepip/__init__.py", "/usr/lib64/python3*/ensurepip/__init__.py")
    has = {match[1] for path in modules if (match := _ENSUREPIP.search(path))}
    found: dict[str, Interpreter] = {}
    for env in facts.envs or ():
        if env.kind == "system" and env.python is not None and env.python_version is not None:
            version = ".".join(env.python_version.split(".")[:2])
            known = version in has if env.python.startswith(("/usr/bin/", "/bin/")) else None
            found[env.python] = Interpreter(path=env.python, version=version, ensurepip=known)
    inside = glob.escape(home)
    for path in quiet.globs("/usr/bin/python3.*", "/usr/local/bin/python3.*", f"{inside}/.local/bin/python3.*"):
        match = _VERSIONED.search(path)
        if match is not None and path not in found:
            known = match[1] in has if path.startswith("/usr/bin/") else None
            found[path] = Interpreter(path=path, version=match[1], ensurepip=known)
    return tuple(found.values())


def _init_file(quiet: Quiet, home: str, shell: Shell | None) -> str | None:
    """Where `conda init` writes for this shell."""
    if shell == "zsh":
        folder = quiet.env("ZDOTDIR")
        return f"{folder if folder and folder.startswith('/') else home}/.zshrc"
    names = {"bash": ".bashrc", "fish": ".config/fish/config.fish", "tcsh": ".tcshrc"}
    return f"{home}/{names[shell]}" if shell in names else None


def _beside(quiet: Quiet, installer: str | None) -> str | None:
    """The SHA-256 in the file that lies beside the installer."""
    text = quiet.read(f"{installer}.sha256", 4096) if installer is not None else None
    word = text.split()[0].lower() if text and text.split() else ""
    return word if re.fullmatch(r"[0-9a-f]{64}", word) else None


def _apt_files(quiet: Quiet, facts: Facts) -> dict[str, bytes]:
    rows = (facts.distro.sources if facts.distro is not None else None) or ()
    read = {path: _bytes(quiet, path) for path in dict.fromkeys(one.file for one in rows)}
    return {path: data for path, data in read.items() if data is not None}


def _bytes(quiet: Quiet, path: str) -> bytes | None:
    try:
        return quiet.host.read(path)
    except Refusal:
        return None


def _repository(quiet: Quiet, path: str) -> LocalRepository:
    """What a repository package holds: as dpkg-deb lists it, else as the table has it for a file of that name."""
    from cudadoctor.compat import apt
    from cudadoctor.remedies.install.request import LocalRepository

    file = posixpath.basename(path)
    row = next((one for one in apt.local_debs() if one.file == file), None)
    package = _printed(quiet, ("dpkg-deb", "-f", path, "Package"), 20.0)
    listed = _printed(quiet, ("dpkg-deb", "-c", path), _LIST_SECONDS) if package else None
    folder, key, sources = _listed(listed or "")
    if package is None and row is None:
        raise CudaDoctorError(
            f"--local-repo {path}: cannot be read as a package, and its name is not one of NVIDIA's that are known here"
        )
    folder = folder or (row.folder if row is not None else None)
    if folder is None:
        raise CudaDoctorError(
            f"--local-repo {path}: there is no /var/cuda-repo-… in it: it is no local CUDA repository"
        )
    if key is None and row is not None and "*" not in row.key:
        key = row.key
    name = (package or file.partition("_")[0]).strip()
    match = _RELEASE.search(name)
    return LocalRepository(
        path=path,
        package=name,
        folder=folder,
        key=key,
        sources=sources,
        toolkit=_cuda(match) if match else (row.toolkit.cuda if row is not None else None),
        listed=listed is not None,
    )


def _cuda(match: re.Match[str]) -> CudaVersion:
    from cudadoctor.versions import CudaVersion as Version

    return Version(int(match[1]), int(match[2]))


def _printed(quiet: Quiet, argv: tuple[str, ...], seconds: float) -> str | None:
    try:
        done = quiet.host.run(argv, timeout=seconds)
    except Refusal:
        return None
    text = done.stdout.decode("utf-8", "replace").strip()
    return text if done.returncode == 0 and text else None


def _listed(text: str) -> tuple[str | None, str | None, tuple[str, ...]]:
    """Folder, key and lists of apt among the files that `dpkg-deb -c` prints, one a line, the path last."""
    paths = [line.split(" -> ")[0].split()[-1].removeprefix(".") for line in text.splitlines() if line.split()]
    found = [path for path in paths if re.fullmatch(r"/[A-Za-z0-9._/+~-]+", path)]
    folder = next((path.rstrip("/") for path in found if re.fullmatch(r"/var/cuda-repo-[^/]+/?", path)), None)
    keys = [path for path in found if folder and path.startswith(f"{folder}/") and path.count("/") == 3]
    key = next((path for path in keys if path.endswith((".pub", ".asc", "keyring.gpg"))), None)
    sources = tuple(path for path in found if re.fullmatch(r"/etc/apt/sources\.list\.d/[^/]+\.list", path))
    return folder, key, sources
