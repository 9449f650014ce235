"""The environment and torch in it, by the resolver's words: conda and its relatives, venv with pip, uv."""

from __future__ import annotations

import posixpath
import shlex

from msgspec import Struct

from cudadoctor.facts.base import Facts
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.recommend.commands import conda as conda_words
from cudadoctor.recommend.model import CONDA_FAMILY
from cudadoctor.recommend.rules import without_files
from cudadoctor.remedies.install import names
from cudadoctor.remedies.install.build import Chosen
from cudadoctor.remedies.install.conda import Conda
from cudadoctor.remedies.install.request import Asked, Scene
from cudadoctor.remedies.plan import Condition, Exists, PlanStep, Prints
from cudadoctor.remedies.step_parts import Part, mine

_VENVS = ".venvs"
"""Where an environment that has a name only goes with pip and uv: one place for all, which `check` looks into."""
_READ = (
    "import importlib.util as u,re;"
    "s=u.find_spec('torch');"
    "t=open(list(s.submodule_search_locations)[0]+'/version.py').read() if s else '';"
    "f=lambda n,p:(re.findall('(?m)^'+n+r'\\b[^=\\n]*=\\s*.('+p+')',t)+['none'])[0];"
    "print(f('__version__',r'\\d+(?:\\.\\d+)*'),f('cuda',r'\\d+\\.\\d+'))"
)
"""Version and CUDA of torch as its version.py has them: torch itself is not imported."""


class Place(Struct, frozen=True, kw_only=True):
    """Where the environment is made."""

    prefix: str
    name: str
    workspace: str | None = None
    """pixi's folder, in which the prefix lies."""

    @property
    def made(self) -> str:
        """What comes to be."""
        return self.workspace or self.prefix

    @property
    def python(self) -> str:
        """Its interpreter."""
        return f"{self.prefix}/bin/python"


def wanted_place(scene: Scene, chosen: Chosen, conda: Conda | None) -> Place:
    """Name and path by the request; the resolver's name where none was given. Raises CudaDoctorError."""
    assert chosen.best is not None
    asked, facts, home = scene.asked, scene.facts, scene.home
    published = "torch" if asked.as_published else conda_words.environment_name(chosen.best)
    word = names.env_word(asked.env, home, chosen.manager) if asked.env is not None else published
    if word.startswith("/"):
        return _placed(word, posixpath.basename(word), chosen)
    return _placed(f"{_folder(chosen, conda, facts, home)}/{word}", word, chosen)


def _placed(path: str, name: str, chosen: Chosen) -> Place:
    if chosen.manager == "pixi":
        return Place(prefix=f"{path}/.pixi/envs/default", name=name, workspace=path)
    return Place(prefix=path, name=name)


def _folder(chosen: Chosen, conda: Conda | None, facts: Facts, home: str) -> str:
    if chosen.manager not in CONDA_FAMILY:
        return f"{home}/{_VENVS}"
    if chosen.manager == "pixi":
        return home
    root = conda.root if conda is not None else None
    uid = facts.os.uid if facts.os is not None else None
    mine_ = root is not None and (root.startswith(f"{home}/") or uid == 0)
    return (
        f"{root}/envs" if mine_ else f"{home}/.conda/envs"
    )  # where conda itself puts them if its root is not writable


_ACTIVATE = {"bash": ("source", ""), "zsh": ("source", ""), "fish": ("source", ".fish"), "tcsh": ("source", ".csh")}
"""By shell: the word that reads a file, and how the file's name ends that venv and uv write for it."""
_FIRST_ACTIVATE = (4, 4)
"""`conda activate` came with 4.4; before it a script of that name was read (conda's release notes)."""


def entering(scene: Scene, chosen: Chosen, place: Place, conda: Conda | None) -> tuple[str, ...]:
    """The words that enter it in the user's shell."""
    if chosen.manager == "pixi":
        return ("pixi", "shell", "--manifest-path", f"{place.made}/pixi.toml")
    if conda is None:
        read, end = _ACTIVATE.get(scene.ground.shell or "", (".", ""))
        return (read, f"{place.prefix}/bin/activate{end}")
    named = scene.asked.env is None or "/" not in scene.asked.env
    if conda.version is not None and conda.version < _FIRST_ACTIVATE and conda.root is not None:
        return ("source", f"{conda.root}/bin/activate", place.prefix)
    program = "micromamba" if chosen.manager == "micromamba" else "conda"
    return (program, "activate", place.name if named and program == "conda" else place.prefix)


def holds(chosen: Chosen, env: EnvFacts) -> bool:
    """The environment has the wanted build of torch."""
    best = chosen.best
    if best is None or env.torch is None:
        return False
    same = env.torch.version.partition("+")[0].partition(".post")[0] == best.torch
    cuda = env.torch.cuda.cuda if env.torch.cuda is not None else None
    return same and cuda == (best.cuda.cuda if best.cuda is not None else None)


def is_done(place: Place, chosen: Chosen) -> Condition:
    """The environment's python reads the wanted version and CUDA from torch's own version file."""
    best = chosen.best
    assert best is not None
    text = f"{best.torch} {best.cuda.release if best.cuda is not None else 'none'}"
    return Prints(argv=(place.python, "-I", "-c", _READ), text=text)


def any_torch(place: Place) -> Condition:
    """There is a torch, whichever: for a line that does not say which build lands."""
    code = "import importlib.util as u,sys;sys.exit(u.find_spec('torch') is None)"
    return Prints(argv=(place.python, "-I", "-c", code))


def disk_mib(chosen: Chosen) -> int:
    """MiB that the environment takes; estimates (measured: 900 of torch 2.13 for the CPU, 5200 of 2.6 with CUDA)."""
    assert chosen.best is not None
    cuda = chosen.best.cuda
    if cuda is None:
        return 1500
    return 4500 if cuda.major < 11 else 8000


def specs(chosen: Chosen) -> tuple[str, ...]:
    """What conda and its relatives are asked for: both builds pinned."""
    assert chosen.best is not None
    return conda_words.specs(chosen.best, packages(chosen), chosen.python)


def packages(chosen: Chosen) -> tuple[str, ...]:
    """The companions that have a file for this Python."""
    assert chosen.best is not None
    lacking = {text.split(" ")[0] for text in without_files(chosen.best, chosen.request)}
    return tuple(one for one in chosen.request.packages.value if one not in lacking)


def channels(asked: Asked, chosen: Chosen) -> tuple[str, ...]:
    """Those that were given, else the resolver's."""
    assert chosen.best is not None
    given = tuple(names.channel_word(one) for one in asked.channels)
    resolved = conda_words.channels(chosen.best, packages(chosen))
    return tuple(f"file://{one}" if one.startswith("/") else one for one in given) or resolved


def _override(chosen: Chosen, facts_driver: bool) -> tuple[str, ...]:
    best = chosen.best
    assert best is not None
    if facts_driver or best.cuda is None or best.channel != "conda-forge":
        return ()
    return ("env", f"CONDA_OVERRIDE_CUDA={best.cuda.release}")


def _sees_driver(chosen: Chosen) -> bool:
    """By the driver conda finds CUDA's virtual package; one that comes with this plan runs only after the reboot."""
    return not chosen.newer_driver and (
        any(one is not None and one.origin == "detected" for one in (chosen.request.driver, chosen.request.cuda_driver))
    )


def conda_steps(scene: Scene, chosen: Chosen, place: Place, conda: Conda) -> Part:
    """One `create`, for conda, mamba and micromamba."""
    part, asked, home = Part(), scene.asked, scene.home
    where = tuple(word for channel in channels(asked, chosen) for word in ("-c", channel))
    override = _override(chosen, _sees_driver(chosen))
    why = "one command for all of it, with the builds of torch and torchvision pinned: no solver can take the CPU's"
    action = mine((*override, conda.program, "create", "-y", "-p", place.prefix, "--override-channels", *where,
                   *specs(chosen)), why)  # fmt: skip
    part.steps.append(
        PlanStep(
            id="env-make", title=f"make the environment {place.name} with torch", why=why, action=action,
            needs=conda.needs, network=_hosts(channels(asked, chosen)), disk_mib=disk_mib(chosen),
            disk_at=posixpath.dirname(place.prefix), done_when=is_done(place, chosen), makes=(place.prefix,),
            touches=(f"{home}/.conda/environments.txt",), source=chosen.best.source if chosen.best else None,
            lasting="what was downloaded stays in conda's package cache (`conda clean --all` empties it)",
        )
    )  # fmt: skip
    if override:
        part.notes.append(f"no driver is in sight for conda, so {override[1]} tells it which CUDA to solve for")
    if conda.version is not None and conda.version < (22, 11):
        part.notes.append(
            "this conda has the old solver: on today's channels it takes minutes and gigabytes of memory; "
            "--conda miniforge brings one with libmamba"
        )
    return part


def pixi_steps(asked: Asked, chosen: Chosen, place: Place, pixi: Conda) -> Part:
    """A workspace of pixi's."""
    assert chosen.best is not None
    assert place.workspace is not None
    manifest = f"{place.workspace}/pixi.toml"
    where = tuple(word for channel in channels(asked, chosen) for word in ("-c", channel))
    steps_ = [
        PlanStep(
            id="env-workspace", title=f"make the pixi workspace {place.name}", why="pixi keeps environments in them",
            action=mine((pixi.program, "init", place.workspace, *where), "makes the workspace"),
            done_when=Exists(path=manifest), makes=(place.workspace,),
        )
    ]  # fmt: skip
    if chosen.best.cuda is not None:
        need = ("workspace", "system-requirements", "add", "--manifest-path", manifest, "cuda",
                str(chosen.best.cuda.major))  # fmt: skip
        steps_.append(
            PlanStep(
                id="env-cuda", title="tell pixi that there is CUDA", why="without it pixi takes builds without CUDA",
                action=mine((pixi.program, *need), "writes the requirement"), needs=("env-workspace",),
                done_when=Prints(argv=("grep", "-q", "^cuda *=", manifest)),
            )
        )  # fmt: skip
    why = "with the builds of torch and torchvision pinned"
    steps_.append(
        PlanStep(
            id="env-make", title="add torch", why=why,
            action=mine((pixi.program, "add", "--manifest-path", manifest, *specs(chosen)), why),
            needs=(steps_[-1].id,), network=_hosts(channels(asked, chosen)), disk_mib=disk_mib(chosen),
            disk_at=posixpath.dirname(place.workspace), done_when=is_done(place, chosen), source=chosen.best.source,
        )
    )  # fmt: skip
    return Part(steps=steps_)


def _hosts(found: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(host for one in found for host in names.host_of(one)))


def lies_in_the_way(place: Place, facts: Facts, there: frozenset[str]) -> EnvFacts | str | None:
    """What is at the place already: an environment, or the word for something else."""
    env = next((one for one in facts.envs or () if one.prefix == place.prefix), None)
    if env is not None:
        return env
    return "something that is no environment" if place.made in there else None


def published_line(line: str, place: Place, program: str) -> tuple[str, ...]:
    """Upstream's printed line for an environment that is not active: its words, and where they go to."""
    words = tuple(shlex.split(line))
    if words[0] in ("conda", "mamba", "micromamba"):
        return (program, words[1], "-y", "-p", place.prefix, *words[2:])
    if words[:2] == ("uv", "pip"):
        return ("uv", "pip", "install", "--python", place.python, *words[3:])
    return (place.python, "-m", "pip", *words[1:])
