"""Whether a command that PyTorch published still installs what it installed."""

from __future__ import annotations

from collections.abc import Iterator

from cudadoctor.recommend import sources
from cudadoctor.recommend.model import Platform, Reason
from cudadoctor.versions import CudaVersion


def since_then(
    line: str, torch: str, cuda: CudaVersion | None, platform: Platform, python: str | None
) -> tuple[Reason, ...]:
    """What has changed about a published line; nothing where it still works."""
    if line.startswith("conda"):
        found = _conda(line, torch, cuda, platform)
    else:
        found = _pip(line, torch, cuda, platform, python)
    return (*_wrong(line, torch), *found)


def _wrong(line: str, torch: str) -> Iterator[Reason]:
    """What was never right about it."""
    from cudadoctor.compat import torch as releases

    release = releases.release(torch)
    wrong = release.published.wrong if release is not None and release.published is not None else None
    if wrong is None or (wrong.startswith("conda:") and not ("11.3" in line and line.startswith("conda"))):
        return
    if "torchvision" in wrong and "torchvision==0.11.0" not in line.replace("+", " "):
        return
    text = f"PyTorch's own line is wrong: {wrong.removeprefix('conda:').strip()}"
    yield Reason(rule="wrong", text=text, source=releases.published_source())


def _conda(line: str, torch: str, cuda: CudaVersion | None, platform: Platform) -> Iterator[Reason]:
    from cudadoctor.compat import conda

    era = conda.era(torch)
    names_no_build = cuda is not None and era is not None and era.name in ("feature-package", "cudatoolkit")
    if cuda is not None and names_no_build:
        text = (
            "PyTorch's own command names no GPU build, and today's solvers pick CPU builds of torch and torchvision: "
            "nothing ties them to cudatoolkit"
        )
        yield Reason(rule="published", text=text, source=sources.CPU_BUILD_TAKEN)
        if "==" not in line:
            text = _unpinned(cuda, platform)
            yield Reason(rule="published", text=text, source=sources.CPU_BUILD_TAKEN, detail=True)
    order = tuple(int(part) for part in torch.split("."))
    if platform != "macos-arm64" and order >= (1, 0):
        text = "PyTorch's own command installs the newest mkl, and this release cannot be imported with it"
        yield Reason(rule="published", text=text, source=sources.pitfall("mkl-ijit"), detail=names_no_build)


def _unpinned(cuda: CudaVersion, platform: Platform) -> str:
    """What a line without a version depends on."""
    from cudadoctor.recommend.candidates import of_channels

    found = "PyTorch's own command names no version, so the result depends on the environment's Python"
    mine = [one for one in of_channels(("conda",), platform) if one.cuda is not None and one.cuda.cuda == cuda.cuda]
    known = {python for one in mine for python in one.pythons or ()}
    if not known:
        return found
    return f"{found}; for one newer than {max(known, key=_number)} there is no build with CUDA {cuda.release}"


def _pip(line: str, torch: str, cuda: CudaVersion | None, platform: Platform, python: str | None) -> Iterator[Reason]:
    from cudadoctor.compat import torch as releases

    newest = releases.newest()
    plain = "==" not in line and "http" not in line
    if line.startswith("Download"):
        text = "PyTorch's page prints no command here: it asks you to download a file"
        yield Reason(rule="published", text=text, source=releases.published_source())
        return
    if plain and cuda is not None and torch != newest.torch:
        text = f"PyTorch's own command names no version: today it installs torch {newest.torch} ({newest.default})"
        yield Reason(rule="published", text=text, source=releases.release_source())
    elif platform == "win-amd64" and cuda is not None and "http" not in line:
        text = "PyTorch's own command takes the default index's file, which on Windows is a CPU build"
        yield Reason(rule="published", text=text, source=releases.release_source())
    if plain:
        return
    if releases.numpy2_ready(torch, windows=platform == "win-amd64") is False and _numpy2_comes(torch, python):
        text = f"PyTorch's own command installs numpy 2, but torch {torch} was built for numpy 1"
        yield Reason(rule="published", text=text, source=sources.pitfall("numpy2"))


def _numpy2_comes(torch: str, python: str | None) -> bool:
    """There is a numpy 2 for this Python: it is for Python 3.9 and newer."""
    from cudadoctor.compat import torch as releases

    chosen = [python] if python is not None else list(releases.pythons(torch) or ())
    return any(_number(one) >= (3, 9) for one in chosen)


def _number(python: str) -> tuple[int, ...]:
    return tuple(int(part) for part in python.removesuffix("t").split("."))
