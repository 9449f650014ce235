"""Finds an index of PyTorch's that does not exist, or lacks the version."""

from __future__ import annotations

import re

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Says, Severity, also, check
from cudadoctor.checks.engine.sources import PREVIOUS_VERSIONS
from cudadoctor.checks.shared.machine import clean, is_cpu_build, rows
from cudadoctor.checks.shared.messages import every, first, torch_of
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.facts.symptom import Symptom
from cudadoctor.facts.system import OsFacts

_TAG = re.compile(r"cu\d{2,3}\Z")


@check(
    "PY009",
    severity=Severity.ERROR,
    messages=(
        Says(
            kinds=("uv-no-such-version",),
            message="no index in use has {package} {wanted}",
            source=PREVIOUS_VERSIONS,
            severity=Severity.ERROR,
            confidence=Confidence.LIKELY,
        ),
    ),
)
def wheel_index_nonexistent(symptoms: tuple[Symptom, ...]) -> Result:
    """An install line names an index of PyTorch's that does not exist, or that never had the wanted version.

    Why:
        PyTorch builds each release for two to four CUDA versions and has an index for each: 2.0 for {{tags 2.0}},
        2.6 for {{tags 2.6}}, {{torch}} for {{tags latest}}. There is no index for every CUDA that NVIDIA released (no
        cu122, cu125 or cu127). nvidia-smi's "CUDA Version" is not the number to ask for: it is the newest CUDA that the
        driver supports, and older builds work too. From CUDA 11 on so do newer builds of the same major version.

    How we know:
        pip found no version of torch, and the command names an index download.pytorch.org/whl/cuXYZ, or a version
        torch==X+cuXYZ, that PyTorch never built (by the list of its builds).

    Fix:
        Use an index that exists for this torch. Any CUDA 12 build runs on a driver that supports CUDA 12:
        `python -m pip install torch torchvision --index-url {{index cuda 12}}`. The page of previous versions has the
        command for each release; `cudadoctor recommend` prints the one for this machine.

    Harmless when:
        The address is a mirror's or an index of your own with builds that PyTorch does not make.

    Sources:
        https://pytorch.org/get-started/previous-versions/
    """
    failed = next((one for one in every(symptoms, "pip-no-version") if _of_torch(one)), None)
    index = first(symptoms, "pip-torch-index")
    if failed is None:
        return
    wanted = failed.values.get("wanted", "")
    local = wanted.partition("+")[2]
    tag = local if _TAG.match(local) else index.values["tag"] if index is not None else None
    if tag is None or not _TAG.match(tag):
        return
    from cudadoctor.compat import torch as torches
    from cudadoctor.compat import torch_builds

    known = torches.release(wanted) if wanted else None
    if tag not in _tags():
        what = f"there is no index {clean(tag, 10)}"
    elif failed.values.get("package") == "torch" and known is not None:
        builds = [one.tag for one in torch_builds.builds(wanted)]
        if not builds or tag in builds:
            return
        what = f"torch {known.torch} was never built for {clean(tag, 10)} (but for {', '.join(builds)})"
    else:
        return
    yield Problem(
        subject="machine",
        message=f"{what}, so pip finds nothing",
        evidence=rows(failed.seen, index.seen if index is not None else None),
        source=PREVIOUS_VERSIONS,
        confidence=Confidence.LIKELY,
    )


def _of_torch(one: Symptom) -> bool:
    return one.values.get("package") in ("torch", "torchvision", "torchaudio")


def _tags() -> frozenset[str]:
    """Every CUDA tag that a release was built for, on Linux or Windows."""
    from cudadoctor.compat import torch as torches
    from cudadoctor.compat import torch_builds

    return frozenset(
        one.tag
        for release in torches.releases()
        for platform in ("linux-x86_64", "win-amd64")
        for one in torch_builds.builds(release.torch, "pip", platform)
    )


@also(wheel_index_nonexistent)
def passed_over(symptoms: tuple[Symptom, ...], envs: tuple[EnvFacts, ...] | None, os: OsFacts | None) -> Result:
    """An index that does not exist beside the general one (`--extra-index-url`): pip goes on without a word."""
    torch = torch_of(envs)
    if torch is None or torch.live.is_available is not False:
        return
    # The general index has builds without CUDA for Windows; elsewhere something else may be the matter.
    if not (is_cpu_build(torch) or (os is not None and os.id == "windows" and torch.cuda is None)):
        return
    known = _tags()
    newest = max(int(tag[2:]) for tag in known if len(tag) == len("cu118"))
    for one in every(symptoms, "pip-torch-index"):
        tag = one.values["tag"]
        if _TAG.match(tag) and tag not in known and int(tag[2:]) < newest and "extra-index" in one.seen.text:
            yield Problem(
                subject="machine",
                message=f"there is no index {clean(tag, 10)}, so pip took torch from the general one, without CUDA",
                evidence=rows(one.seen, torch.seen),
                source=PREVIOUS_VERSIONS,
                confidence=Confidence.LIKELY,
            )
            return
