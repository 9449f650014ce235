"""Finds a torch whose CUDA is too new for the driver."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Says, Severity, Unknown, also, check
from cudadoctor.checks.engine.sources import COMPAT, REQUIREMENTS
from cudadoctor.checks.shared.machine import env_subject, rows, runtime_served, stubs_on_path, torch_shown, weight
from cudadoctor.checks.shared.messages import every, first, shown, subject, torch_of
from cudadoctor.facts.driver import DriverFacts, SmiFacts
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.facts.gpu import GpuFacts
from cudadoctor.facts.shell import ShellFacts
from cudadoctor.facts.symptom import Symptom
from cudadoctor.facts.system import OsFacts
from cudadoctor.versions import RuntimeVersion

_NO_DRIVER = (
    *("no-nvidia-driver", "smi-cannot-communicate", "nvml-driver-not-loaded", "nvml-library-not-found"),
    *("smi-no-devices", "cuda-error-100"),
)
"""Messages that say that there is no driver, or no GPU that it could serve."""


@check(
    "TR001",
    severity=Severity.ERROR,
    messages=(
        Says(
            kinds=("conda-cuda-listed",),
            message="the driver supports CUDA {cuda} at most, and a package asks for a newer CUDA",
            source=COMPAT,
            beside=("conda-nothing-provides-cuda",),
            confidence=Confidence.LIKELY,
        ),
    ),
)
def driver_too_old_for_runtime(
    driver: DriverFacts, envs: tuple[EnvFacts, ...], gpus: tuple[GpuFacts, ...] | None, os: OsFacts | None
) -> Result:
    """The driver is older than the CUDA runtime inside torch needs.

    Why:
        torch carries its own CUDA runtime. Below the oldest driver for that CUDA version it finds no GPU, whatever
        toolkit is installed.

    How we know:
        torch.version.cuda against what the driver supports: its own word first (cuDriverGetVersion, nvidia-smi's "CUDA
        Version"), else NVIDIA's table of oldest drivers. In a text: "The NVIDIA driver on your system is too old (found
        version 11040)", where 11040 is CUDA 11.4, or "CUDA driver version is insufficient for CUDA runtime version"
        (error 35) while a driver runs: a missing driver gives it too.

    Fix:
        Update the driver: Ubuntu `sudo ubuntu-drivers install`, Debian backports or NVIDIA's repository, RHEL-like
        `sudo dnf upgrade` from NVIDIA's repository, then reboot; in a container that of the host, under WSL that of
        Windows. CUDA 11 needs {{driver 11.8}} or newer, CUDA 12 {{driver 12.6}}, CUDA 13 {{driver 13.0}}. Or, without
        administrator rights, install the torch build for an older CUDA: `python -m pip install torch --index-url
        {{index cuda 12}}` for a driver that supports CUDA 12.

        `cudadoctor recommend` finds it. A toolkit does not help: torch brings its own.

    Harmless when:
        The driver is of the runtime's CUDA major (from CUDA 11 on): an older minor version is enough, and silent. So
        is cuda-compat where it is allowed.

    Sources:
        https://docs.nvidia.com/deploy/cuda-compatibility/minor-version-compatibility.html
    """
    in_a_text = os is None or os.uid is None
    if gpus == () or driver.loaded is False or (driver.loaded is None and not in_a_text):
        return
    for env in envs:
        torch = env.torch
        if torch is None or torch.cuda is None or torch.live.is_available:
            continue
        if driver.loaded is None and torch.live.is_available is None:
            continue  # a version that somebody names, and nothing that fails
        served, oldest = runtime_served(driver, torch.cuda, os)
        if served is None:
            yield Unknown(
                subject=env_subject(env), reason=f"whether the driver supports CUDA {torch.cuda} is not known"
            )
        elif not served:
            needs = f"driver {oldest} or newer" if oldest is not None else f"a driver for CUDA {torch.cuda.major}"
            runs = str(driver.version) if driver.version else f"a driver for CUDA {driver.cuda_version}"
            yield Problem(
                subject=env_subject(env),
                message=(
                    f"{torch_shown(env, torch)} was built for CUDA {torch.cuda}, which needs {needs}; "
                    f"this machine runs {runs}"
                ),
                evidence=rows(driver.seen, torch.seen),
                source=COMPAT,
                severity=weight(env),
            )


@also(driver_too_old_for_runtime)
def in_messages(  # noqa: PLR0917  facts, passed by name
    symptoms: tuple[Symptom, ...],
    envs: tuple[EnvFacts, ...] | None,
    driver: DriverFacts | None,
    smi: SmiFacts | None,
    os: OsFacts | None,
    shell: ShellFacts | None,
) -> Result:
    """By torch's own sentence, or by CUDA's error 35, which a missing driver and a stub of it give as well."""
    one = first(symptoms, "driver-too-old") or first(symptoms, "cuda-error-35")
    torch = torch_of(envs)
    if one is None:
        return
    if driver is not None and torch is not None and torch.cuda is not None:
        served, _ = runtime_served(driver, torch.cuda, os)
        if served:
            return  # some other driver library was met than this one: not a matter of age
    found = one.values.get("found", "")
    has = f"CUDA {int(found) // 1000}.{int(found) % 1000 // 10}" if found.isdigit() and int(found) >= 1000 else None
    confidence = Confidence.CERTAIN
    if one.kind == "cuda-error-35":
        if not _runs(driver, smi) or first(symptoms, *_NO_DRIVER) is not None or stubs_on_path(shell) is not None:
            return
        confidence = Confidence.LIKELY
    if has is None and driver is not None and driver.version is not None:
        has = f"driver {driver.version}"
    needs = f" needs CUDA {torch.cuda}" if torch is not None and torch.cuda is not None else " needs a newer one"
    yield Problem(
        subject=subject(envs),
        message=f"the driver supports at most {has or 'an older CUDA'}, and {shown(envs)}{needs}",
        evidence=rows(one.seen, driver.seen if driver is not None and driver.version is not None else None),
        source=COMPAT,
        confidence=confidence,
    )


def _runs(driver: DriverFacts | None, smi: SmiFacts | None) -> bool:
    """Whether a driver with CUDA runs: CUDA gives its error 35 also where there is none, and on a vGPU host."""
    if (smi is not None and smi.outcome != "ok") or (driver is not None and driver.loaded is False):
        return False
    if driver is None or driver.version is None:
        return driver is not None and driver.cuda_version is not None
    # From 410 on nvidia-smi's header has the CUDA version; where it says N/A the driver has no CUDA in it.
    return driver.cuda_version is not None or smi is None or driver.version.branch < 410


@also(driver_too_old_for_runtime)
def by_default_build(
    envs: tuple[EnvFacts, ...], driver: DriverFacts, smi: SmiFacts | None, os: OsFacts | None
) -> Result:
    """A torch that finds no GPU, of whose build only the number is told: pip's default build of that release."""
    from cudadoctor.compat import torch as torches

    torch = torch_of(envs)
    if torch is None or torch.live.is_available is not False or torch.cuda is not None or torch.build is not None:
        return
    known = torches.resolve(torch.version) if "+" not in torch.version and torch.installer in (None, "pip") else None
    tag = (known.default or "") if known is not None else ""
    if not tag.startswith("cu") or torch.build_string is not None or not _runs(driver, smi):
        return
    cuda = RuntimeVersion.parse(f"{tag[2:-1]}.{tag[-1]}")
    if cuda is None or (os is not None and (os.wsl is not None or os.jetson is not None or os.arch == "aarch64")):
        return
    served, oldest = runtime_served(driver, cuda, os)
    if served is not False:
        return
    yield Problem(
        subject=subject(envs),
        message=f"{shown(envs)} is, as pip installs it, built for CUDA {cuda}, which needs driver {oldest or 'newer'}; "
        f"this machine runs {driver.version}",
        evidence=rows(torch.seen, driver.seen),
        source=COMPAT,
        confidence=Confidence.LIKELY,
    )


@also(driver_too_old_for_runtime)
def from_container_tools(symptoms: tuple[Symptom, ...]) -> Result:
    """The container tools compared the image's CUDA with the host's driver, and refused."""
    for one in every(symptoms, "container-requirement-unmet"):
        wanted = f"{one.values.get('name', 'cuda')} {one.values.get('version', '')}".strip()
        yield Problem(
            subject="machine",
            message=f"the driver of the host is older than the image asks for: {wanted}",
            evidence=(one.seen,),
            source=REQUIREMENTS,
            confidence=Confidence.CERTAIN,
        )
        return
