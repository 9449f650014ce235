"""What was asked of `install`, and what its planner must be told of the machine beyond the facts."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from cudadoctor.facts.base import Facts
from cudadoctor.recommend.request import Words
from cudadoctor.shells.dialects import Shell
from cudadoctor.versions import CudaVersion


class Asked(Struct, frozen=True, kw_only=True):
    """The options of the command line, as they were typed; None: not given."""

    words: Words = field(default_factory=Words)
    """torch, cuda, python, manager, gpus, archs, packages, style: as in `recommend`."""
    env: str | None = None
    """Name or absolute path of the environment to make."""
    toolkit: bool | None = None
    """None: only if something compiles here, and a plan of torch alone compiles nothing."""
    driver: bool | None = None
    """None: only if it is needed; True: also where one works, a newer one; False: never."""
    conda: str | None = None
    """`miniforge`, `miniconda` or `anaconda`, with a version behind `=` where one is meant: `anaconda=2019.10`."""
    as_published: bool = False
    """The flow as NVIDIA and the posts of its time printed it, with its traps in the notes."""
    local_repo: str | None = None
    """A repository package that was downloaded: `…/cuda-repo-ubuntu1804-10-1-local-….deb`."""
    conda_installer: str | None = None
    """An installer of conda that was downloaded."""
    channels: tuple[str, ...] = ()
    """conda channels in place of the resolver's: names, `https://…`, `file:///…` or folders."""
    index_url: str | None = None
    """A package index for pip and uv in place of the resolver's."""
    find_links: str | None = None
    """A folder of wheels. Without `index_url` nothing else is asked."""
    shell_lines: bool | None = None
    """The block in the shell's start-up file. None: where this plan installs a toolkit, or one is not on PATH."""
    smoke: bool = True

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """What was given, by name, for the plan's own record."""
        unset = Asked()
        found: list[tuple[str, str]] = []
        for owner, usual in ((self.words, unset.words), (self, unset)):
            for name in owner.__struct_fields__:
                value = getattr(owner, name)
                if name != "words" and value != getattr(usual, name):
                    found.append((name, _word(value)))
        return tuple(found)


def _word(value: object) -> str:
    if isinstance(value, (tuple, list)):
        return ", ".join(str(one) for one in value)
    return str(value).lower() if isinstance(value, bool) else str(value)


class RcFile(Struct, frozen=True, kw_only=True):
    """The start-up file that the block is for, as it is."""

    shell: Shell
    path: str
    shown: str
    """The path, and where its link leads."""
    data: bytes | None
    """None: there is none yet."""


class Interpreter(Struct, frozen=True, kw_only=True):
    """A Python that can make a virtual environment."""

    path: str
    version: str
    """`3.10`."""
    ensurepip: bool | None = None
    """It can put pip into one. False on Debian and Ubuntu without the package python3-venv; None: not known."""


class LocalRepository(Struct, frozen=True, kw_only=True):
    """What a repository package holds, as dpkg-deb lists it or as NVIDIA named things in its time."""

    path: str
    package: str
    """Name of the package: `cuda-repo-ubuntu1804-10-1-local-10.1.105-418.39`."""
    folder: str
    """`/var/cuda-repo-10-1-local-10.1.105-418.39`."""
    key: str | None
    """Its key; None: neither the list nor a table tells its name."""
    sources: tuple[str, ...]
    """The files that it drops into /etc/apt/sources.list.d."""
    toolkit: CudaVersion | None
    """The release in its name."""
    listed: bool
    """Read from the file itself; False: from the table, by the file's name."""


class Ground(Struct, frozen=True, kw_only=True):
    """What was looked at for the planner beyond the facts. Whatever is not here is taken to be absent."""

    there: frozenset[str] = frozenset()
    """Paths that exist where something may come to be: in the home, in ~/.venvs, in conda's envs folders."""
    programs: Mapping[str, str] = field(default_factory=dict)
    """conda, mamba, micromamba, pixi, uv, apt-key, gpg: those on PATH, by name."""
    pythons: tuple[Interpreter, ...] = ()
    """Interpreters with their version in their name, and those of the facts with what is known of ensurepip."""
    cache: str | None = None
    """Where downloads are kept."""
    init_file: str | None = None
    """The file that `conda init` writes for the user's shell; None: it knows no such shell."""
    shell: Shell | None = None
    no_block: str | None = None
    """Why the start-up file could not be read, where it could not."""
    installer_digest: str | None = None
    """SHA-256 from the file `….sha256` beside the installer that was given."""
    repository: LocalRepository | None = None
    """Of `local_repo`."""
    apt_files: Mapping[str, bytes] = field(default_factory=dict)
    """apt's lists that name NVIDIA's repositories."""


class Scene(Struct, frozen=True, kw_only=True):
    """All that the planner goes by."""

    facts: Facts
    asked: Asked
    ground: Ground
    home: str
    """Checked: it can stand in paths."""
    cache: str
    """Where downloads are kept."""
    block: RcFile | None = None
