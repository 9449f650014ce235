"""pip: the flags of each era, with the suffixes that exist and without those that do not."""

from __future__ import annotations

from msgspec.structs import replace

from cudadoctor.recommend.candidates import Candidate
from cudadoctor.recommend.commands import Lines, quoted
from cudadoctor.recommend.commands.extras import pip_extras

_DEFAULT_INDEX_HAS_WINDOWS_FROM = (1, 7, 0)
"""Its Windows files are CPU builds, and have the same name as upstream's for the CUDA of that time."""
_SUFFIX_ALWAYS = (1, 8, 1)


def requirements(one: Candidate, packages: tuple[str, ...], *, asked: bool = False) -> tuple[str, ...]:
    """Torch and its companions at the versions that belong together. `asked`: torchaudio was named by the user."""
    from cudadoctor.compat import torch

    companions = torch.companions(one.torch)
    named = one.order < (2, 0) or audio_elsewhere(one, packages, asked=asked)
    suffix = one.local or "" if named and not _by_url(one) else ""
    exact = "===" if _triple(one) else "=="
    found = [f"torch{exact}{one.torch}{suffix}"]
    if companions is None:
        return tuple(found)
    if "torchvision" in packages and companions.torchvision is not None:
        own = suffix if one.order >= (1, 2) else ""
        found.append(f"torchvision{exact}{companions.torchvision}{own}")
    audio = companions.torchaudio if not asked else companions.torchaudio_that_works
    if "torchaudio" in packages and audio is not None and has_audio(one, audio):
        found.append(f"torchaudio=={audio}")
    return tuple(found)


def audio_elsewhere(one: Candidate, packages: tuple[str, ...], *, asked: bool) -> bool:
    """The torchaudio that works with the build is on the default index, and not beside torch."""
    from cudadoctor.compat import torch

    companions = torch.companions(one.torch)
    if companions is None or not asked or "torchaudio" not in packages or one.platform.startswith("macos"):
        return False
    return companions.torchaudio is None and companions.torchaudio_that_works is not None


def has_audio(one: Candidate, version: str) -> bool:
    """There are files of this torchaudio for the platform (none for Windows before 0.7)."""
    from cudadoctor.compat import torch

    return bool(torch.companion_pythons("torchaudio", version, one.platform)) or one.torch == "1.8.2"


def lines(one: Candidate, packages: tuple[str, ...], python: str | None, *, asked: bool = False) -> Lines:
    """The one line that installs."""
    words = list(requirements(one, packages, asked=asked))
    if _by_url(one):
        words[0] = _file(one, python) or words[0]
    flags, index = source_flags(one)
    if audio_elsewhere(one, packages, asked=asked) and index is not None:
        flags = ("--extra-index-url", index)
    extra = [quoted(requirement) for requirement in pip_extras(one)]
    line = " ".join(["python -m pip install", *words, *extra, *flags])
    return Lines(lines=(line,), index_url=index, build=one.tag)


UPGRADE = "python -m pip install --upgrade pip"
_LAST_PYTHON_WITH_OLD_PIP = (3, 8)
"""Python 3.8.0 still came with pip 19.2; manylinux2014 files are for pip 19.3 and newer."""


def may_be_too_old(python: str | None) -> bool:
    """The pip that a new environment of this Python gets may reject today's files and compile them instead."""
    if python is None:
        return False
    return tuple(int(part) for part in python.removesuffix("t").split(".")) <= _LAST_PYTHON_WITH_OLD_PIP


def after_upgrade(plain: Lines) -> Lines:
    """The same, after pip itself."""
    return replace(plain, lines=(UPGRADE, *plain.lines), main=plain.main + 1)


def source_flags(one: Candidate) -> tuple[tuple[str, ...], str | None]:
    """The flags that lead to the build, and the address in them; nothing where the default index has it."""
    from cudadoctor.compat import indexes

    if one.platform.startswith("macos"):
        return (), None
    if one.torch == "1.8.2":
        return ("--extra-index-url", indexes.lts_url(one.tag)), indexes.lts_url(one.tag)
    era = indexes.pip_era(one.torch)
    if era is None or _by_url(one):
        return (), None
    if era.how == "index":
        return ("--index-url", indexes.index_url(one.tag)), indexes.index_url(one.tag)
    if era.how == "extra-index":
        return ("--extra-index-url", indexes.index_url(one.tag)), indexes.index_url(one.tag)
    if one.local == "" and not _triple(one):
        return (), None  # the default of its time: upstream's page has files with a suffix, which pip would prefer
    per_platform = one.order >= (1, 10, 1)
    page = indexes.flat_page(one.tag if per_platform else None)
    return ("-f", page), page


def _triple(one: Candidate) -> bool:
    """`===` keeps pip from a file with a suffix of the same version, where only upstream's page has the plain one."""
    early = one.order < _DEFAULT_INDEX_HAS_WINDOWS_FROM
    return one.platform == "win-amd64" and one.local == "" and early and not _by_url(one)


def _by_url(one: Candidate) -> bool:
    """The file can only be named by its address: several builds have one name."""
    if one.local != "" or one.platform.startswith("macos") or one.torch == "1.8.2":
        return False
    if one.order < (1, 2):
        return True
    return one.platform == "win-amd64" and _DEFAULT_INDEX_HAS_WINDOWS_FROM <= one.order < _SUFFIX_ALWAYS


def _file(one: Candidate, python: str | None) -> str | None:
    """The address of the file for one Python."""
    chosen = python or (one.pythons[-1] if one.pythons else None)
    if chosen is None:
        return None
    number = chosen.replace(".", "")
    abi = {"2.7": "mu"}.get(chosen, "m" if chosen in ("3.5", "3.6", "3.7") else "")
    system = "win_amd64" if one.platform == "win-amd64" else "linux_x86_64"
    tag = f"cp{number}-cp{number}{abi if system != 'win_amd64' or chosen != '2.7' else 'm'}"
    return f"https://download.pytorch.org/whl/{one.tag}/torch-{one.torch}-{tag}-{system}.whl"
