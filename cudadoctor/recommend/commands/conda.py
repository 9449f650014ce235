"""conda, mamba and micromamba: a new environment whose builds are pinned, so that no solver can choose the CPU's."""

from __future__ import annotations

from cudadoctor.compat.conda import OnlyInDefaults
from cudadoctor.recommend.candidates import Candidate
from cudadoctor.recommend.commands import Lines, quoted
from cudadoctor.recommend.commands.extras import conda_extras
from cudadoctor.recommend.model import Manager

_VISION_WITH_BUILDS = (0, 4, 0)
"""torchvision's build strings name the CUDA as `cu101` from here on; 0.3.0 wrote it in full, and 0.2 had none."""
_AUDIO_WITH_BUILDS = (0, 10, 0)
DEFAULTS_URL = "https://repo.anaconda.com/pkgs/main"
_needs_defaults: dict[tuple[str, str, tuple[str, ...]], tuple[OnlyInDefaults, ...]] = {}


def specs(one: Candidate, packages: tuple[str, ...], python: str | None) -> tuple[str, ...]:
    """What to ask the solver for: torch and torchvision each with its build."""
    if one.channel == "conda-forge":
        return _forge_specs(one, packages, python)
    from cudadoctor.compat import torch

    companions = torch.companions(one.torch)
    found = [f"python={python}"] if python else []
    suffix = "-cpu" if _cpu_package(one) else ""
    found.append(f"pytorch{suffix}={one.torch}={build_pattern(one)}")
    vision = companions.torchvision if companions is not None else None
    audio = companions.torchaudio if companions is not None else None
    if "torchvision" in packages and vision is not None:
        found.append(f"torchvision{suffix}={vision}{'' if suffix else _vision_build(one, vision)}")
    if "torchaudio" in packages and audio is not None and one.order >= (1, 7, 0):
        found.append(f"torchaudio={audio}" + (f"=*{one.tag}*" if _numbers(audio) >= _AUDIO_WITH_BUILDS else ""))
    found.extend(_toolkit(one))
    found.extend(conda_extras(one))
    return tuple(found)


def _cpu_package(one: Candidate) -> bool:
    """Before 1.2 the CPU build was a package of its own, except on macOS."""
    return one.cuda is None and one.order < (1, 2, 0) and not one.platform.startswith("macos")


def build_pattern(one: Candidate) -> str:
    """`*cuda10.1*`: in the build string of every era."""
    return "*cpu*" if one.cuda is None else f"*cuda{one.cuda.release}*"


def _vision_build(one: Candidate, version: str) -> str:
    number = _numbers(version)
    if number < (0, 3, 0):
        return ""
    if one.cuda is None:
        return "=*cpu*"
    return f"=*{one.tag}*" if number >= _VISION_WITH_BUILDS else f"=*cu{one.cuda.release}*"


def _toolkit(one: Candidate) -> tuple[str, ...]:
    from cudadoctor.compat import conda

    era = conda.era(one.torch)
    if one.cuda is None:
        return ("cpuonly",) if one.order >= (1, 2, 0) and not one.platform.startswith("macos") else ()
    if era is None or era.name == "feature-package":
        return (f"cuda{one.cuda.major}{one.cuda.minor}",)
    if era.name == "pytorch-cuda":
        return (f"pytorch-cuda={one.cuda.release}",)
    return (f"cudatoolkit={one.cuda.release}",)


def _forge_specs(one: Candidate, packages: tuple[str, ...], python: str | None) -> tuple[str, ...]:
    """pytorch-gpu shuts the CPU build out; cuda-version chooses the CUDA."""
    found = [f"python={python}"] if python else []
    if one.cuda is None:
        found.append(f"pytorch-cpu={one.torch}" if not one.platform.startswith("macos") else f"pytorch={one.torch}")
    else:
        found += [f"pytorch-gpu={one.torch}", f"cuda-version={one.cuda.release}"]
    if "torchvision" in packages:
        found.append("torchvision")
    return tuple(found)


def channels(one: Candidate, packages: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Where the builds and their dependencies are: conda-forge unless only Anaconda's `defaults` has one of them.

    With `defaults` conda-forge is left out: where channels have strict priority, its newer jpeg would hide the old one.
    """
    from cudadoctor.compat import conda

    if one.channel == "conda-forge":
        return ("conda-forge",)
    era = conda.era(one.torch)
    own = "pytorch-lts" if one.torch == "1.8.2" else "pytorch"
    if not needs_defaults(one, packages):
        nvidia = one.cuda is not None and era is not None and era.name == "pytorch-cuda"
        return (own, "nvidia", "conda-forge") if nvidia else (own, "conda-forge")
    if one.cuda is None or era is None or era.name != "cudatoolkit":
        return (own, "defaults")
    toolkit = conda.cudatoolkit_channels(one.cuda, windows=one.platform == "win-amd64")
    if "defaults" in toolkit:
        return (own, "defaults")
    return (own, "nvidia", "defaults") if "nvidia" in toolkit else (own, "defaults", "conda-forge")


def needs_defaults(one: Candidate, packages: tuple[str, ...]) -> tuple[OnlyInDefaults, ...]:
    """What the build and its companions require that only Anaconda's `defaults` has."""
    if one.channel != "conda":
        return ()
    key = (one.torch, one.tag, packages)
    if key not in _needs_defaults:
        from cudadoctor.compat import conda

        _needs_defaults[key] = conda.only_in_defaults(one.torch, one.cuda, packages)
    return _needs_defaults[key]


def words_of_channels(found: tuple[str, ...], manager: Manager) -> str:
    """`-c pytorch -c conda-forge`; pixi knows `defaults` by its address only."""
    named = [DEFAULTS_URL if one == "defaults" and manager == "pixi" else one for one in found]
    return " ".join(f"-c {one}" for one in named)


def environment_name(one: Candidate) -> str:
    """`torch-1.7.1-cu101`."""
    return f"torch-{one.torch}-{one.tag}"


def lines(one: Candidate, manager: Manager, packages: tuple[str, ...], python: str | None) -> Lines:
    """Create the environment, then enter it."""
    name = environment_name(one)
    wanted = " ".join(quoted(spec) for spec in specs(one, packages, python))
    found = channels(one, packages)
    return Lines(
        lines=(
            f"{manager} create -n {name} --override-channels {words_of_channels(found, manager)} {wanted}",
            f"{manager} activate {name}",
        ),
        channels=found,
        build=build_pattern(one) if one.channel == "conda" else None,
    )


def with_pip(one: Candidate, manager: Manager, inside: Lines, python: str | None) -> Lines:
    """An environment with Python and pip from conda-forge, and torch from PyTorch's wheels in it."""
    name = environment_name(one)
    installs = tuple(f"{manager} run -n {name} {line}" for line in inside.lines)
    return Lines(
        lines=(
            f"{manager} create -n {name} --override-channels -c conda-forge {python_spec(python)} pip",
            *installs,
            f"{manager} activate {name}",
        ),
        main=1 + inside.main,
        channels=("conda-forge",),
        index_url=inside.index_url,
        build=inside.build,
    )


def python_spec(python: str | None) -> str:
    """The spec of a Python: conda-forge has the free-threaded one as a package of its own."""
    if python is None:
        return "python"
    return f"python-freethreading={python.removesuffix('t')}" if python.endswith("t") else f"python={python}"


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
