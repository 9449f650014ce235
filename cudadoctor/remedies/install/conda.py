"""conda itself: the one that is here, or an installer with its checksum, its initialisation, and no auto-activation."""

from __future__ import annotations

import posixpath
import re
from urllib.parse import quote

from msgspec import Struct

from cudadoctor.compat import installers
from cudadoctor.compat.installers import Installer
from cudadoctor.compat.source import Source
from cudadoctor.errors import CudaDoctorError
from cudadoctor.facts.base import Facts
from cudadoctor.recommend.model import Manager
from cudadoctor.remedies.install import names
from cudadoctor.remedies.install.request import Ground, Scene
from cudadoctor.remedies.plan import Exists, Fetch, PlanStep, Prints
from cudadoctor.remedies.step_parts import Part, mine, tell

_IN_NAME = re.compile(r"3-(?:py\d+_)?(\d{1,3}\.\d{1,3}(?:\.\d{1,3})?)-")
_NAMES = {"miniforge3": "Miniforge", "miniconda3": "Miniconda", "anaconda3": "Anaconda"}
_SIZES = {"miniforge3": (110, 700), "miniconda3": (170, 800), "anaconda3": (1100, 6000)}
"""MiB of the installer and of what it makes: estimates, for the newest of each."""
_FIRST_INIT = (4, 6)
"""`conda init` came with 4.6 (conda's release notes)."""
_NEW_KEY = (25, 5)
"""From here on the key is `auto_activate`; `auto_activate_base` stays as its alias (conda's changelog, 2025-05)."""
_CONDA_IN_ANACONDA = {
    "2018.12": "4.5.12", "2019.03": "4.6.11", "2019.07": "4.7.10", "2019.10": "4.7.12", "2020.02": "4.8.2",
    "2020.07": "4.8.3", "2020.11": "4.9.2", "2021.05": "4.10.1", "2021.11": "4.10.3", "2022.05": "4.12.0",
    "2022.10": "22.9.0", "2023.03-0": "23.3.1", "2024.02-1": "24.1.2", "2024.06-1": "24.5.0", "2024.10-1": "24.9.2",
    "2025.12-2": "25.11.1",
}  # fmt: skip
"""The conda in an Anaconda: 2025.12-2's from its release notes (2026-11-30), the others from memory. One that is not
here is taken for a conda that knows `init`."""
_CHANGELOG = Source(
    title="conda changelog",
    url="https://github.com/conda/conda/blob/main/CHANGELOG.md",
    read_on="2026-11-23",
)


class Conda(Struct, frozen=True, kw_only=True):
    """The program that makes the environment, and where its environments go."""

    program: str
    root: str | None
    version: tuple[int, ...] | None
    """None: not known."""
    planned: bool
    """It is installed by this plan."""
    needs: tuple[str, ...] = ()


def prepared(scene: Scene, manager: Manager) -> tuple[Conda, Part]:
    """The conda to use, and the steps that bring it here. Raises CudaDoctorError for an installer that is not known."""
    facts, asked, ground, home = scene.facts, scene.asked, scene.ground, scene.home
    here = None if asked.conda or asked.conda_installer else existing(facts, ground, manager)
    if here is not None:
        return here, Part()
    family, version = names.conda_word(asked.conda) if asked.conda else ("miniforge3", None)
    given = asked.conda_installer
    if given is not None:
        family = _family_of(posixpath.basename(given)) or family
    folder = _NAMES[family].lower() + "3"
    prefix = f"{home}/{folder}"
    ours = f"{prefix}/bin/conda"
    program = f"{prefix}/bin/{manager}" if manager == "mamba" else ours
    if prefix in ground.there and ours in ground.there:
        known = facts.conda is not None and facts.conda.executable == ours
        number = _numbers(facts.conda.version) if known and facts.conda is not None else None
        return Conda(program=program, root=prefix, version=number, planned=False), Part()
    part = Part()
    if prefix in ground.there:
        taken = prefix
        prefix = next(one for one in (f"{prefix}-{n}" for n in range(2, 1000)) if one not in ground.there)
        part.notes.append(f"{taken} exists and holds no conda: it is left as it is, and {prefix} is made")
        program = f"{prefix}/bin/{posixpath.basename(program)}"
    installer = None if given is not None else _installer(facts, family, version)
    fetch = _fetched(scene, installer, family, part)
    made = _version_of(family, installer, posixpath.basename(fetch.path))
    part.steps += _install(fetch, family, prefix, home)
    part.add(_initialised(ground, prefix, home, made))
    conda = Conda(program=program, root=prefix, version=made, planned=True, needs=("conda-install",))
    return conda, part


def existing(facts: Facts, ground: Ground, manager: Manager) -> Conda | None:
    """The one that the user's shell would call, or one of the installations."""
    found = facts.conda
    if manager in ("micromamba", "pixi"):
        program = ground.programs.get(manager)
        return Conda(program=program, root=None, version=None, planned=False) if program else None
    if found is None:
        return None
    paths = [found.executable] if found.executable is not None else []
    paths += [f"{root}/bin/{manager}" for root in found.roots if f"{root}/bin/{manager}" in ground.there]
    on_path = ground.programs.get(manager)
    paths += [on_path] if on_path else []
    program = next((one for one in paths if posixpath.basename(one) == manager), None)
    if program is None:
        return None
    inside = posixpath.dirname(posixpath.dirname(program))
    root = inside if inside in found.roots else next(iter(found.roots), None)
    own = found.executable is not None and posixpath.dirname(found.executable) == posixpath.dirname(program)
    return Conda(program=program, root=root, version=_numbers(found.version) if own else None, planned=False)


def newest(family: str, arch: str) -> Installer | None:
    """The newest installer of a family that has a SHA-256; of Miniconda's the newest conda, for its newest Python.

    Miniconda's versions are of two kinds, `4.7.12` and `3.13-26.5.3-1` (Python, conda), so that they do not sort as
    they stand.
    """
    found = [one for one in installers.find(family, machine=arch) if one.sha256 and one.version != "latest"]
    return max(found, key=lambda one: (_conda_numbers(one), _numbers(one.python) or ()), default=None)


def _installer(facts: Facts, family: str, version: str | None) -> Installer:
    arch = (facts.os.arch if facts.os is not None else None) or "x86_64"
    if version is None:
        found = newest(family, arch)
        if found is None:
            raise CudaDoctorError(f"--conda: no installer of {_NAMES[family]} for {arch} is in the tables")
        return found
    rows = [one for one in installers.find(family, machine=arch) if one.version == version and version != "latest"]
    if not rows:
        rows = [one for one in installers.find(family, machine=arch) if one.version.partition("-")[2] == version]
    if not rows:
        near = ", ".join(one.version for one in installers.find(family, machine=arch)[:3])
        raise CudaDoctorError(
            f"--conda {family[:-1]}={version}: no such installer for {arch} is in the tables; there are {near} …"
        )
    return max(rows, key=lambda one: (one.sha256 is not None, _numbers(one.python) or ()))


def _fetched(scene: Scene, installer: Installer | None, family: str, part: Part) -> Fetch:
    given, ground, cache = scene.asked.conda_installer, scene.ground, scene.cache
    size = _SIZES[family][0]
    if given is None:
        assert installer is not None
        digest, algorithm = (installer.sha256, "sha256") if installer.sha256 else (installer.md5, "md5")
        # The company's old name leads to the new one; the hash is what counts.
        if installer.sha256 is None:
            part.notes.append(
                f"for {installer.file} nothing better than an MD5 was published: it is compared with that"
            )
        return Fetch(
            url=installer.url.replace("https://repo.continuum.io/", "https://repo.anaconda.com/"),
            path=f"{cache}/{installer.file}", digest=digest, algorithm=algorithm,  # type: ignore[arg-type]
            why="its hash is compared with the published one before anything of it runs", size_mib=size,
        )  # fmt: skip
    file = posixpath.basename(given)
    row = installers.by_file(file)
    digest, algorithm = None, "sha256"
    if row is not None and (row.sha256 or row.md5):
        digest, algorithm = (row.sha256, "sha256") if row.sha256 else (row.md5, "md5")
    elif ground.installer_digest is not None:
        digest = ground.installer_digest
    else:
        part.notes.append(
            f"{given}: its hash is in no table, and no {file}.sha256 lies beside it: it is run as it is, so be sure "
            "where it came from"
        )
    return Fetch(
        url=f"file://{quote(given)}", path=f"{cache}/{file}", digest=digest, algorithm=algorithm,  # type: ignore[arg-type]
        why="a copy whose hash is compared before anything of it runs" if digest else "a copy of the file you have",
    )  # fmt: skip


def _install(fetch: Fetch, family: str, prefix: str, home: str) -> list[PlanStep]:
    name = _NAMES[family]
    there = Exists(path=f"{prefix}/bin/conda", what="executable")
    why = f"{name} brings conda, into {prefix} alone: no root, and nothing outside it"
    return [
        PlanStep(
            id="conda-fetch", title=f"get the installer of {name}", why=fetch.why, action=fetch,
            network=names.host_of(fetch.url), disk_mib=_SIZES[family][0], disk_at=posixpath.dirname(fetch.path),
            done_when=there,
        ),
        PlanStep(
            id="conda-install", title=f"install {name}", why=why,
            action=mine(("bash", fetch.path, "-b", "-p", prefix), why), needs=("conda-fetch",),
            disk_mib=_SIZES[family][1], disk_at=posixpath.dirname(prefix), done_when=there, makes=(prefix,),
            touches=(f"{home}/.conda/environments.txt",),
        ),
    ]  # fmt: skip


def _initialised(ground: Ground, prefix: str, home: str, version: tuple[int, ...] | None) -> Part:
    part = Part()
    conda = f"{prefix}/bin/conda"
    if version is not None and version < _FIRST_INIT:
        text = f"Add the line `. {prefix}/etc/profile.d/conda.sh` to your shell's start-up file."
        part.steps.append(tell("conda-init", "let your shell know conda", text, needs=("conda-install",),
                               why="this conda is older than `conda init`"))  # fmt: skip
        return part  # nor does it activate base by itself
    if ground.init_file is None or ground.shell is None:
        text = f"In this shell: `. {prefix}/etc/profile.d/conda.sh` makes `conda activate` work."
        part.steps.append(tell("conda-init", "let your shell know conda", text, needs=("conda-install",),
                               why="conda init knows no such shell"))  # fmt: skip
    else:
        shell = ground.shell
        marks = Prints(argv=("grep", "-q", "-F", ">>> conda initialize >>>", ground.init_file))
        part.steps.append(
            PlanStep(
                id="conda-init", title=f"let {shell} know conda",
                why=f"`conda activate` needs conda's lines in {ground.init_file}",
                action=mine((conda, "init", shell), f"writes conda's lines into {ground.init_file}"),
                needs=("conda-install",), done_when=marks, touches=(ground.init_file,),
            )
        )  # fmt: skip
    part.steps.append(no_auto_activation(conda, home, version))
    return part


def no_auto_activation(conda: str, home: str, version: tuple[int, ...] | None) -> PlanStep:
    """Off, in the key that this conda knows; the older name where its version is not known, which stays an alias."""
    key = "auto_activate" if version is not None and version >= _NEW_KEY else "auto_activate_base"
    why = "so that no new shell starts inside conda's base environment"
    return PlanStep(
        id="conda-auto-activate", title="leave base alone in new shells", why=why,
        action=mine((conda, "config", "--set", key, "false"), why), needs=("conda-install",),
        done_when=Prints(argv=(conda, "config", "--show", key), text=f"{key}: False"),
        touches=(f"{home}/.condarc",), source=_CHANGELOG,
    )  # fmt: skip


def _family_of(file: str) -> str | None:
    start = file.lower()
    found = next((one for one in ("miniforge3", "miniconda3", "anaconda3") if start.startswith(one)), None)
    return "miniforge3" if found is None and start.startswith("mambaforge") else found


def _version_of(family: str, installer: Installer | None, file: str) -> tuple[int, ...] | None:
    row = installer or installers.by_file(file)
    if row is None and family != "anaconda3":
        match = _IN_NAME.search(file)  # newer than the table: the name says it as those before it did
        return _numbers(match[1]) if match is not None else None
    if row is None or row.version == "latest":
        return None
    if family == "anaconda3":
        return _numbers(_CONDA_IN_ANACONDA.get(row.version))
    return _conda_numbers(row)


def _conda_numbers(row: Installer) -> tuple[int, ...]:
    """The number of conda: 26.3.2 of Miniforge 26.3.2-3, 26.5.3 of Miniconda 3.13-26.5.3-1, 4.7.12 as it stands.

    Anaconda's own, 2025.12-2, for its order.
    """
    parts = row.version.replace("_", "-").split("-")
    if row.family == "miniconda3" and len(parts) > 1:
        return _numbers(parts[1]) or ()
    return (_numbers(parts[0]) or ()) if row.family != "anaconda3" else (_numbers(".".join(parts)) or ())


def _numbers(text: str | None) -> tuple[int, ...] | None:
    parts = text.split(".") if text else []
    if not parts or not all(part.isdecimal() for part in parts):
        return None
    return tuple(int(part) for part in parts)
