"""What goes wrong around a build: each said only where it applies to the build and the machine."""

from __future__ import annotations

from collections.abc import Iterator

from cudadoctor.recommend import sources
from cudadoctor.recommend.candidates import Candidate
from cudadoctor.recommend.commands.extras import needs_old_mkl, needs_old_numpy, needs_old_pillow
from cudadoctor.recommend.model import Reason, Request
from cudadoctor.recommend.rules import without_files


def traps(one: Candidate, request: Request) -> Iterator[Reason]:
    """All that apply."""
    yield from _packages(one, request)
    yield from _beside(one)
    yield from _channel(one)
    yield from _ceiling(one, request)
    yield from _suffix(one, request)
    yield from _uv(one, request)
    if one.tag == "cu124" and one.channel == "pip":
        text = (
            "in August 2026 the cu124 index lacked a library that these wheels ask for: should pip say "
            "ResolutionImpossible, add the default index as an extra index"
        )
        yield Reason(rule="index", text=text, source=sources.pitfall("cu124-cudnn"))
    if request.cuda is not None and one.cuda is not None:
        text = "the build carries its own CUDA runtime: no CUDA toolkit has to be installed, only the driver counts"
        yield Reason(rule="toolkit", text=text)


def _packages(one: Candidate, request: Request) -> Iterator[Reason]:
    from cudadoctor.compat import torch

    for lacking in without_files(one, request):
        python = request.python.value if request.python is not None else ""
        yield Reason(rule="packages", text=f"{lacking} has no file for Python {python}: it is left out")
    if "torchaudio" not in request.packages.value:
        return
    companions = torch.companions(one.torch)
    if companions is None or companions.torchaudio is not None:
        return
    if companions.torchaudio_that_works is None:
        if request.packages.origin == "asked":
            yield Reason(
                rule="packages", text=f"there is no torchaudio for torch {one.torch}", source=companions.source
            )
        return
    text = f"torchaudio ended with {companions.torchaudio_that_works}: "
    text += (
        "that one works with this torch"
        if request.packages.origin == "asked"
        else "it is left out here (--with torchvision,torchaudio adds it)"
    )
    yield Reason(rule="packages", text=text, source=sources.pitfall("torchaudio-end"))


def _beside(one: Candidate) -> Iterator[Reason]:
    """Versions that are held back."""
    if needs_old_mkl(one) and one.channel == "conda":
        text = "mkl is held below 2024.1: with a newer one the import fails (undefined symbol: iJIT_NotifyEvent)"
        yield Reason(rule="mkl", text=text, source=sources.pitfall("mkl-ijit"))
    if needs_old_numpy(one):
        text = f"numpy is held below 2: torch {one.torch} was built for numpy 1"
        yield Reason(rule="numpy", text=text, source=sources.pitfall("numpy2"))
    if needs_old_pillow(one):
        text = "pillow is held below 7: this torchvision imports PILLOW_VERSION"
        yield Reason(rule="pillow", text=text, source=sources.pitfall("pillow7"))
    if one.order < (1, 11):
        text = "torch.utils.tensorboard of this release needs setuptools below 60 (distutils.version)"
        yield Reason(rule="setuptools", text=text)


def _channel(one: Candidate) -> Iterator[Reason]:
    from cudadoctor.compat import conda

    if one.channel == "conda-forge":
        if one.cuda is not None:
            text = (
                "pytorch-gpu shuts the CPU build out. conda looks for a driver while it solves: on a machine without "
                f"one (a login node, an image build) set CONDA_OVERRIDE_CUDA={one.cuda.release} before it"
            )
            yield Reason(rule="channel", text=text, source=one.source)
        return
    if one.channel != "conda":
        return
    last = conda.last_official()
    text = f"the channel `pytorch` gets nothing new: {last} is its last release"
    yield Reason(rule="channel", text=text, source=sources.CHANNEL_ENDED)
    if one.cuda is not None:
        yield from _exists(one)
        if one.by_analogy:
            text = "that this build was made is inferred from the builds for Linux of the same release"
            yield Reason(rule="confidence", text=text, source=one.source)
        text = (
            "torch and torchvision are each pinned to the GPU build: with torch alone, torchvision is left on the CPU"
        )
        yield Reason(rule="build", text=text, source=sources.CPU_BUILD_TAKEN)
    text = (
        "the dependencies come from conda-forge (--override-channels): `defaults` asks for its terms of service first"
    )
    yield Reason(rule="channel", text=text)


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
    sure = "seen" if confidence == "high" else f"inferred from its build matrix; {seen} is the last that was seen"
    wheels = [
        release.torch
        for release in torch.releases()
        if torch_builds.build(release.torch, one.cuda.tag, "pip", one.platform) is not None
    ]
    pip = f"; for pip {wheels[-1]} is the last" if wheels else ""
    text = (
        f"the last conda command that upstream printed with CUDA {one.cuda.release} is that of torch {listed[-1]} "
        f"(read on its page); builds exist up to {last} ({sure}){pip}"
    )
    yield Reason(rule="published", text=text, source=torch.published_source())


def _ceiling(one: Candidate, request: Request) -> Iterator[Reason]:
    """GPUs that no newer driver, or no newer build, will serve."""
    from cudadoctor.compat import drivers

    if request.gpus is None or one.cuda is None:
        return
    for gpu in request.gpus.value:
        for capability in gpu.capabilities:
            last = drivers.last_driver_for(capability)
            if last is not None:
                text = (
                    f"{gpu.name or capability.sm}: driver branch {last} is the last that supports it; do not go beyond"
                )
                yield Reason(rule="driver", text=text, source=drivers.architecture_source())


def _suffix(one: Candidate, request: Request) -> Iterator[Reason]:
    if one.channel != "pip" or one.local != "" or one.platform.startswith("macos") or request.torch is None:
        return
    if one.order < (1, 2) or one.torch == "1.8.2":
        return
    text = f"torch=={one.torch}+{one.tag} does not exist: the default build of its time has no suffix"
    yield Reason(rule="suffix", text=text, source=one.source)


def _uv(one: Candidate, request: Request) -> Iterator[Reason]:
    from cudadoctor.compat import indexes

    if request.manager.value != "uv" or request.driver is None or one.cuda is None:
        return
    auto = indexes.uv_auto(request.driver.value, windows=request.windows_driver)
    if auto != one.tag:
        text = f"--torch-backend=auto would begin with {auto}: it looks at the driver and at no GPU"
        yield Reason(rule="uv-auto", text=text, source=sources.UV_AUTO)
