"""What goes wrong around a build: each said only where it applies to the build and the machine."""

from __future__ import annotations

from collections.abc import Iterator

from cudadoctor.recommend import sources
from cudadoctor.recommend.candidates import Candidate
from cudadoctor.recommend.commands.conda import needs_defaults
from cudadoctor.recommend.commands.extras import needs_old_mkl, needs_old_numpy, needs_old_pillow
from cudadoctor.recommend.model import Reason, Request
from cudadoctor.recommend.rules import without_files


def traps(one: Candidate, request: Request) -> Iterator[Reason]:
    """All that apply."""
    yield from _old_pip(request)
    yield from _packages(one, request)
    yield from _beside(one)
    yield from _ceiling(one, request)
    yield from _channel(one)
    yield from _suffix(one, request)
    yield from _uv(one, request)
    if one.tag == "cu124" and one.channel == "pip":
        text = (
            "in August 2026 the cu124 index lacked a library that these wheels require; if pip reports "
            "ResolutionImpossible, add the default index as an extra index"
        )
        yield Reason(rule="index", text=text, source=sources.pitfall("cu124-cudnn"), detail=True)
    if request.cuda is not None and one.cuda is not None:
        text = "the build includes its own CUDA runtime: no CUDA toolkit is needed, only the driver"
        yield Reason(rule="toolkit", text=text, detail=True)


def of_defaults(one: Candidate, request: Request) -> Iterator[Reason]:
    """What only Anaconda's own channel has, and what that means."""
    needs = needs_defaults(one, request.packages.value)
    for need in needs:
        text = (
            f"{need.required_by} requires {need.text}, which only Anaconda's channel `defaults` has; its terms ask "
            "larger organisations for a paid licence"
        )
        yield Reason(rule="channel", text=text, source=need.source)
    if needs and one.cuda is not None and one.cuda.release == "11.0" and one.order >= (1, 7):
        text = "cudatoolkit 11.0.221, the only 11.0 in `defaults`, has a cuBLAS bug; pip's wheels do not use it"
        yield Reason(rule="channel", text=text, source=sources.CUDATOOLKIT_11_0_221)


def _old_pip(request: Request) -> Iterator[Reason]:
    """Without it a file is compiled that pip would have had ready."""
    from cudadoctor.recommend.commands import pip

    if request.manager.value == "pip" and request.python is not None and pip.may_be_too_old(request.python.value):
        text = (
            f"upgrade pip first: a new Python {request.python.value} environment may have a pip older than 19.3, which "
            "rejects manylinux2014 files"
        )
        yield Reason(rule="pip", text=text, source=sources.PIP_19_3)


def _packages(one: Candidate, request: Request) -> Iterator[Reason]:
    from cudadoctor.compat import torch

    for lacking in without_files(one, request):
        python = request.python.value if request.python is not None else ""
        yield Reason(rule="packages", text=f"{lacking} has no file for Python {python}, so it is left out")
    if "torchaudio" not in request.packages.value:
        return
    companions = torch.companions(one.torch)
    if companions is None or companions.torchaudio is not None:
        return
    asked = request.packages.origin == "asked"
    if companions.torchaudio_that_works is None:
        if asked:
            text = f"there is no torchaudio for torch {one.torch}"
            yield Reason(rule="packages", text=text, source=companions.source)
        return
    last = companions.torchaudio_that_works
    if asked and one.channel == "conda-forge":
        text = f"torchaudio is left out: which of conda-forge's builds fits torch {one.torch} is not in the tables"
    elif asked:
        text = f"torchaudio {last} is the newest; it works with every torch since 2.11 and is on the default index only"
    else:
        text = (
            f"torchaudio has no release for torch {one.torch}, so it is left out; --with torchvision,torchaudio adds "
        )
        text += f"{last}, which works with it"
    source = companions.torchaudio_source
    yield Reason(rule="packages", text=text, source=source, detail=not asked)


def _beside(one: Candidate) -> Iterator[Reason]:
    """Versions that are held back."""
    if needs_old_mkl(one):
        text = "mkl stays below 2024.1: with a newer one the import fails (undefined symbol: iJIT_NotifyEvent)"
        yield Reason(rule="mkl", text=text, source=sources.pitfall("mkl-ijit"))
    if needs_old_numpy(one):
        text = f"numpy stays below 2: torch {one.torch} was built for numpy 1"
        yield Reason(rule="numpy", text=text, source=sources.pitfall("numpy2"))
    if needs_old_pillow(one):
        text = "pillow stays below 7: this torchvision imports PILLOW_VERSION"
        yield Reason(rule="pillow", text=text, source=sources.pitfall("pillow7"))
    if one.order < (1, 11):
        text = "torch.utils.tensorboard of this release needs setuptools below 60 (distutils.version)"
        yield Reason(rule="setuptools", text=text, detail=True)


def _channel(one: Candidate) -> Iterator[Reason]:
    from cudadoctor.compat import conda

    if one.channel == "conda-forge":
        if one.cuda is not None:
            text = (
                "conda picks a GPU build only where it sees a driver; on a machine without one (login node, image "
                f"build) set CONDA_OVERRIDE_CUDA={one.cuda.release}"
            )
            yield Reason(rule="channel", text=text, source=one.source)
        return
    if one.channel != "conda":
        return
    text = f"the channel `pytorch` is closed: its last release is {conda.last_official()}"
    yield Reason(rule="channel", text=text, source=sources.CHANNEL_ENDED, detail=True)
    if one.cuda is not None:
        yield from _exists(one)
        if one.by_analogy:
            text = "not confirmed to be published: inferred from the Linux builds of the same release"
            yield Reason(rule="confidence", text=text, source=one.source)
        text = "torch and torchvision are both pinned to the GPU build; with torch alone torchvision stays a CPU build"
        yield Reason(rule="build", text=text, source=sources.CPU_BUILD_TAKEN, detail=True)
    text = "--override-channels keeps Anaconda's `defaults` out unless the command names it"
    yield Reason(rule="channel", text=text, detail=True)


def _exists(one: Candidate) -> Iterator[Reason]:
    """The last release that the page lists for this CUDA, and the last that has builds."""
    from cudadoctor.compat import conda, torch, torch_builds

    assert one.cuda is not None
    listed = [
        release.torch
        for release in torch.releases()
        if one.cuda.cuda in {cuda.cuda for cuda in torch.listed_on_page(release.torch, "conda")}
    ]
    built = conda.last_torch_with_build(one.cuda)
    if not listed or built is None or built[0] == listed[-1]:
        return
    last, confidence = built
    known = [build.torch for build in conda.builds(cuda=one.cuda) if build.confidence == "high"]
    seen = known[-1] if known else None
    sure = "confirmed" if confidence == "high" else f"inferred; {seen} is the last confirmed one"
    wheels = [
        release.torch
        for release in torch.releases()
        if torch_builds.build(release.torch, one.cuda.tag, "pip", one.platform) is not None
    ]
    pip = f"; the last wheel is torch {wheels[-1]}" if wheels else ""
    text = (
        f"PyTorch's page lists CUDA {one.cuda.release} for conda up to torch {listed[-1]}; conda builds exist up to "
        f"{last} ({sure}){pip}"
    )
    yield Reason(rule="published", text=text, source=torch.published_source(), detail=True)


def _ceiling(one: Candidate, request: Request) -> Iterator[Reason]:
    """GPUs that no newer driver, or no newer build, will support."""
    from cudadoctor.compat import drivers

    if request.gpus is None or one.cuda is None:
        return
    for gpu in request.gpus.value:
        for capability in gpu.capabilities:
            last = drivers.last_driver_for(capability)
            if last is not None:
                text = f"{gpu.name or capability.sm}: stay on driver branch {last} or older, the last that supports it"
                yield Reason(rule="driver", text=text, source=drivers.architecture_source())


def _suffix(one: Candidate, request: Request) -> Iterator[Reason]:
    if one.channel != "pip" or one.local != "" or one.platform.startswith("macos") or request.torch is None:
        return
    if one.order < (1, 2) or one.torch == "1.8.2":
        return
    text = f"torch=={one.torch}+{one.tag} does not exist: the default build of its time has no suffix"
    yield Reason(rule="suffix", text=text, source=one.source, detail=True)


def _uv(one: Candidate, request: Request) -> Iterator[Reason]:
    from cudadoctor.compat import indexes

    if request.manager.value != "uv" or request.driver is None or one.cuda is None:
        return
    auto = indexes.uv_auto(request.driver.value, windows=request.windows_driver)
    if auto != one.tag:
        text = f"--torch-backend=auto would pick {auto}: it looks at the driver, not at the GPU"
        yield Reason(rule="uv-auto", text=text, source=sources.UV_AUTO)
