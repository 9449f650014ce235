"""Finds images that ask for a newer driver than the host has."""

from __future__ import annotations

import re

from cudadoctor.checks.engine.base import Problem, Result, Severity, also, check
from cudadoctor.checks.engine.sources import REQUIREMENTS
from cudadoctor.checks.shared.machine import rows, seen
from cudadoctor.checks.shared.messages import every
from cudadoctor.facts.driver import DriverFacts
from cudadoctor.facts.runtime import RuntimeFacts
from cudadoctor.facts.symptom import Symptom
from cudadoctor.facts.system import OsFacts
from cudadoctor.versions import CudaVersion

_CUDA = re.compile(r"cuda>=(\d{1,2}\.\d{1,2})\Z")


@check("CT003", severity=Severity.ERROR)
def image_needs_newer_driver(os: OsFacts, runtime: RuntimeFacts, driver: DriverFacts) -> Result:
    """The image asks for a newer CUDA than the host's driver supports.

    Why:
        Images of NVIDIA carry NVIDIA_REQUIRE_CUDA, such as `cuda>=12.9`. The container tools compare it with the
        driver of the host and refuse to start the container: `requirement error: unsatisfied condition: cuda>=12.9`.
        What counts is the "CUDA Version" in the head of nvidia-smi on the host, not any toolkit.

    How we know:
        "nvidia-container-cli: requirement error: unsatisfied condition: cuda>=12.9, please update your driver to a
        newer version, or use an earlier cuda container" decides. In a running container NVIDIA_REQUIRE_CUDA is compared
        with what the driver supports: information.

    Fix:
        Update the driver of the host (under WSL: that of Windows) to a branch whose nvidia-smi shows at least the CUDA
        that the image asks for: branch 550 for CUDA 12.4, branch 570 for CUDA 12.8, branch 580 for CUDA 13.0. Or take
        an older tag of the image, whose CUDA is not newer than what the head of nvidia-smi shows.

        On data-centre GPUs the image's own cuda-compat package may bridge the gap. `-e NVIDIA_DISABLE_REQUIRE=1` only
        skips the test: programs of the same CUDA major then mostly run, those of a newer major fail.

    Harmless when:
        The container runs, and its programs need less than the image says: unless the container tools refused, it is
        information.

    Sources:
        https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/docker-specialized.html#constraints
    """
    if os.container is None or not runtime.require_cuda or driver.cuda_version is None:
        return
    terms = [term.split(",") for term in runtime.require_cuda.split()]
    plain = [match for term in terms if len(term) == 1 and (match := _CUDA.match(term[0]))]
    wanted = CudaVersion.parse(plain[0].group(1)) if plain else None
    serves = driver.cuda_version
    # The other terms are for data-centre GPUs of older branches, which the image's own cuda-compat library serves.
    if wanted is None or (wanted.major, wanted.minor) <= (serves.major, serves.minor) or len(terms) > 1:
        return
    yield Problem(
        subject="machine",
        message=f"the image asks for CUDA {plain[0].group(1)}, and the driver of the host supports {serves.release}",
        evidence=rows(seen("NVIDIA_REQUIRE_CUDA", runtime.require_cuda), driver.seen),
        source=REQUIREMENTS,
        severity=Severity.INFO,
    )


@also(image_needs_newer_driver)
def from_messages(symptoms: tuple[Symptom, ...]) -> Result:
    """The container tools' own refusal."""
    for one in every(symptoms, "container-requirement-unmet"):
        what = "a driver of branch" if one.values.get("name") == "driver" else "CUDA"
        yield Problem(
            subject="machine",
            message=f"the image asks for {what} {one.values.get('version', '')}, and the driver of the host is older",
            evidence=(one.seen,),
            source=REQUIREMENTS,
        )
        return
