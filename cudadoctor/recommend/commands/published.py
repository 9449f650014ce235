"""The commands that PyTorch published, rebuilt from the tables: its page of previous versions, its selector."""

from __future__ import annotations

from typing import Literal

from cudadoctor.recommend.model import Platform
from cudadoctor.versions import CudaVersion, RuntimeVersion

Family = Literal["conda", "pip"]

_FIRST_AUDIO = (1, 7, 0)
"""From here on the conda lines name torchaudio."""
_FIRST_CPUONLY = (1, 2, 0)
"""Before it the CPU build was a package of its own: pytorch-cpu."""
_LTS = "1.8.2"
_PIP3_FROM = (1, 11, 0)
_LAST_READ = (2, 12, 0)
"""The newest release whose lines on the page were read."""


def page_line(torch: str, cuda: CudaVersion | None, family: Family, platform: Platform) -> str | None:
    """The line of the page of previous versions for a release and a CUDA (None: CPU); None where it has none."""
    from cudadoctor.compat import torch as releases

    order = _order(torch)
    if not _made_for(torch, cuda, family, platform):
        return None
    if order < (1, 0, 0):
        return _before_one(torch, cuda, platform) if family == "conda" else None
    if not releases.on_page(torch):
        return None
    mac = platform.startswith("macos")
    if mac and (torch == _LTS or cuda is not None):
        return None
    if cuda is not None and cuda.cuda not in {one.cuda for one in releases.listed_on_page(torch, family)}:
        return None
    if family == "conda":
        found = releases.release(torch)
        return _conda(torch, cuda, platform) if found is not None and found.conda else None
    return _pip(torch, cuda, platform)


def selector_line(cuda: CudaVersion | None, family: Family, platform: Platform) -> tuple[str, str] | None:
    """The line of the site's selector for a CUDA, and the release of its time; None where it offered none.

    Of the last release for which this CUDA was the newest that it offered; for one that it offers today, as it does.
    """
    torch = _selector_release(cuda, family)
    if torch is None or (cuda is not None and platform.startswith("macos")):
        return None
    if not _made_for(torch, cuda, family, platform):
        return None
    line = _conda_selector(torch, cuda, platform) if family == "conda" else _pip_selector(torch, cuda, platform)
    return None if line is None else (line, torch)


def _made_for(torch: str, cuda: CudaVersion | None, family: Family, platform: Platform) -> bool:
    """What is printed for Linux is printed for x86_64: on aarch64 it holds only where there are such builds."""
    if platform != "linux-aarch64":
        return True
    from cudadoctor.compat import torch_builds

    tag = "cpu" if cuda is None else cuda.tag
    return family == "pip" and torch_builds.build(torch, tag, "pip", platform) is not None


def is_extrapolated(torch: str) -> bool:
    """The page was not read with this release: its line is by the era's form."""
    return _order(torch) > _LAST_READ


def _order(torch: str) -> tuple[int, ...]:
    return tuple(int(part) for part in torch.split("."))


def _companions(torch: str, family: Family, *, audio: bool) -> tuple[tuple[str, str], ...]:
    """Torchvision and torchaudio as the page names them."""
    from cudadoctor.compat import torch as releases

    found = releases.release(torch)
    if found is None:
        return ()
    overrides = dict(found.published.overrides) if found.published is not None else {}
    wanted = {"torchvision": found.torchvision, "torchaudio": found.torchaudio if audio else None}
    named = []
    for name, version in wanted.items():
        if version is not None:
            own = overrides.get(f"conda_{name}") if family == "conda" else None
            named.append((name, own or overrides.get(name) or version))
    return tuple(named)


def _conda(torch: str, cuda: CudaVersion | None, platform: Platform) -> str:
    order = _order(torch)
    if torch == _LTS:
        return _lts_conda(torch, cuda, platform)
    companions = _companions(torch, "conda", audio=order >= _FIRST_AUDIO)
    if cuda is None and not platform.startswith("macos") and order < _FIRST_CPUONLY:
        words = [f"pytorch-cpu=={torch}", *(f"{name}-cpu=={version}" for name, version in companions)]
        return f"conda install {' '.join(words)} cpuonly -c pytorch"
    words = [f"pytorch=={torch}", *(f"{name}=={version}" for name, version in companions)]
    words.extend(_conda_choice(torch, cuda, platform, "page"))
    return f"conda install {' '.join(words)}"


def _conda_choice(
    torch: str, cuda: CudaVersion | None, platform: Platform, where: Literal["page", "selector"]
) -> list[str]:
    """The words that choose the CUDA in the era of a release, and the channels."""
    from cudadoctor.compat import conda

    if platform.startswith("macos"):
        return ["-c pytorch"]
    if cuda is None:
        return ["cpuonly -c pytorch"]
    era = conda.era(torch)
    if era is None or era.name == "feature-package":
        return [f"cuda{cuda.major}{cuda.minor} -c pytorch"]
    if era.name == "pytorch-cuda":
        return [f"pytorch-cuda={cuda.release} -c pytorch -c nvidia"]
    extra = conda.extra_channel(torch, cuda, where, windows=platform == "win-amd64")
    return [f"cudatoolkit={cuda.release} -c pytorch", *([f"-c {extra}"] if extra else [])]


def _lts_conda(torch: str, cuda: CudaVersion | None, platform: Platform) -> str:
    """The lines of the LTS name no versions: its channel has but one."""
    from cudadoctor.compat import conda

    start = "conda install pytorch torchvision torchaudio"
    if cuda is None:
        return f"{start} cpuonly -c pytorch-lts"
    extra = conda.extra_channel(torch, cuda, "lts", windows=platform == "win-amd64")
    return f"{start} cudatoolkit={cuda.release} -c pytorch-lts" + (f" -c {extra}" if extra else "")


def _before_one(torch: str, cuda: CudaVersion | None, platform: Platform) -> str | None:
    """The page gives one line for all of them, with the version to be replaced."""
    from cudadoctor.compat import torch as releases
    from cudadoctor.compat import torch_builds

    found = releases.release(torch)
    if found is None:
        return None
    built = {one.cuda for one in found.cuda} | {one.cuda.cuda for one in torch_builds.builds(torch) if one.cuda}
    if cuda is not None and cuda.cuda not in built:
        return None
    choice = f" cuda{cuda.major}{cuda.minor}" if cuda is not None and not platform.startswith("macos") else ""
    return f"conda install pytorch={torch}{choice} -c pytorch"


def _pip(torch: str, cuda: CudaVersion | None, platform: Platform) -> str | None:
    from cudadoctor.compat import indexes
    from cudadoctor.compat import torch as releases

    found = releases.release(torch)
    tag = "cpu" if cuda is None else cuda.tag
    if torch == _LTS:
        words = [f"torch=={torch}", *(f"{name}=={one}" for name, one in _companions(torch, "pip", audio=True))]
        return f"pip3 install {' '.join(words)} --extra-index-url {indexes.lts_url(tag)}"
    era = indexes.published_era(torch)
    if era is None or found is None:
        return None
    companions = _companions(torch, "pip", audio=era.audio)
    mac = platform.startswith("macos")
    if era.how == "download" and not mac:
        return f"Download and install wheel from {indexes.flat_page(tag)}"
    if mac or (era.plain_default and tag == found.default):
        words = [f"torch=={torch}", *(f"{name}=={version}" for name, version in companions)]
        return f"pip install {' '.join(words)}"
    suffix = f"+{tag}" if era.suffix else ""
    words = [f"torch=={torch}{suffix}"]
    for name, version in companions:
        words.append(f"{name}=={version}" + ("" if name == "torchaudio" else suffix))
    where = {
        "find-links": f"-f {indexes.flat_page()}",
        "find-links-platform": f"-f {indexes.flat_page(tag)}",
        "extra-index": f"--extra-index-url {indexes.index_url(tag)}",
        "index": f"--index-url {indexes.index_url(tag)}",
    }[era.how]
    return f"pip install {' '.join(words)} {where}"


def _selector_release(cuda: CudaVersion | None, family: Family) -> str | None:
    from cudadoctor.compat import torch as releases

    known = [one for one in releases.releases() if one.torch != _LTS and (one.conda if family == "conda" else True)]
    newest = known[-1]
    if cuda is None or (family == "pip" and cuda.cuda in {one.cuda for one in newest.cuda}):
        return newest.torch
    # A CUDA that the page never listed for any release (11.5) was not on the selector either.
    offered = {one.cuda for release in known for one in releases.listed_on_page(release.torch, family)}
    offered |= {one.cuda for release in known if _order(release.torch) < (1, 0, 0) for one in release.cuda}
    for release in reversed(known):
        mine = [one for one in release.cuda if one.cuda in offered]
        if mine and _newest(mine) == cuda.cuda:
            return release.torch
    return None


def _newest(found: list[RuntimeVersion]) -> CudaVersion:
    return max(one.cuda for one in found)


def _conda_selector(torch: str, cuda: CudaVersion | None, platform: Platform) -> str:
    names = ["pytorch", "torchvision", *(["torchaudio"] if _order(torch) >= _FIRST_AUDIO else [])]
    if platform.startswith("macos"):
        return f"conda install pytorch::pytorch {' '.join(names[1:])} -c pytorch"
    return f"conda install {' '.join([*names, *_conda_choice(torch, cuda, platform, 'selector')])}"


def _pip_selector(torch: str, cuda: CudaVersion | None, platform: Platform) -> str | None:
    from cudadoctor.compat import indexes
    from cudadoctor.compat import torch as releases

    found, era = releases.release(torch), indexes.published_era(torch)
    if found is None or era is None:
        return None
    tag = "cpu" if cuda is None else cuda.tag
    names = ["torch", "torchvision", *(["torchaudio"] if era.audio else [])]
    linux = platform.startswith("linux")
    program = "pip3" if _order(torch) >= _PIP3_FROM else "pip"
    # On Windows and macOS the default index has CPU builds only.
    if (linux and tag == found.default) or (not linux and cuda is None):
        return f"{program} install {' '.join(names)}"
    if era.how == "index":
        return f"{program} install {' '.join(names)} --index-url {indexes.index_url(tag)}"
    if era.how == "extra-index":
        return f"{program} install {' '.join(names)} --extra-index-url {indexes.index_url(tag)}"
    if tag == found.default and era.how == "find-links":
        # `===`: without it pip prefers a file with a suffix (+cpu, +cu92) of the same version.
        words = [f"torch==={torch}"]
        words += [f"{name}==={one}" for name, one in _companions(torch, "pip", audio=era.audio)]
        return f"pip install {' '.join(words)} -f {indexes.flat_page()}"
    return _pip(torch, cuda, platform)
