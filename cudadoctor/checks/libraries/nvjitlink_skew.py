"""Finds a libnvJitLink wheel that is older than the torch beside it needs."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import NVJITLINK
from cudadoctor.checks.shared.machine import clean, env_subject, release, rows, seen, torch_shown, weight
from cudadoctor.facts.envs import EnvFacts

_FIRST_NEEDED = (12, 0)
"""cuSPARSE and cuSOLVER use libnvJitLink from CUDA 12.0 on; before there was none."""


@check("CL002", severity=Severity.WARNING)
def nvjitlink_skew(envs: tuple[EnvFacts, ...]) -> Result:
    """The nvidia-nvjitlink wheel is older than the CUDA that torch was built with.

    Why:
        cuSPARSE and cuSOLVER call libnvJitLink of their own release or a newer one: each release adds symbols with its
        number in their names, such as `__nvJitLinkComplete_12_4`. torch pins the wheel that fits; another package that
        pins an older one, or an install with --no-deps, takes it away again.

    How we know:
        The version of the wheel nvidia-nvjitlink-cu12 is below torch.version.cuda, and torch could not be imported
        ("undefined symbol: __nvJitLinkComplete_12_4, version libnvJitLink.so.12"). Where the wheel fits and another
        file is loaded, it is `ld-path-shadows-bundled-libs`.

    Fix:
        Install torch again with what it pins: `pip install --force-reinstall torch==VERSION` from the same index; or
        put the one wheel right: `pip install nvidia-nvjitlink-cu12==12.X.*` with torch's own CUDA release.

    Harmless when:
        The wheel is of torch's CUDA release or newer: then this check is silent. It is silent, too, where the file
        that is loaded comes from elsewhere.

    Sources:
        https://github.com/pytorch/pytorch/issues/134929
    """
    for env in envs:
        torch = env.torch
        if torch is None or torch.cuda is None or env.kind in ("conda", "pixi"):
            continue
        built = (torch.cuda.major, torch.cuda.minor)
        wheel = env.packages.get(f"nvidia-nvjitlink-cu{built[0]}") or env.packages.get("nvidia-nvjitlink")
        if wheel is None or built < _FIRST_NEEDED or release(wheel.version)[:2] >= built:
            continue
        if any(one.soname.startswith("libnvJitLink") and one.same is False for one in env.libraries or ()):
            continue
        failed = torch.live.outcome == "import-error" and "nvJitLink" in (torch.live.error or "")
        if torch.live.is_available or (torch.live.outcome == "ok" and not failed):
            continue  # it was imported: whatever it needs is there
        yield Problem(
            subject=env_subject(env),
            message=(
                f"{torch_shown(env, torch)} was built with CUDA {torch.cuda}, and {clean(wheel.name)} is "
                f"{clean(wheel.version)}"
            ),
            evidence=rows(torch.seen, seen(wheel.name, wheel.version)),
            source=NVJITLINK,
            severity=weight(env) or (Severity.ERROR if failed else None),
            confidence=Confidence.CERTAIN if failed else Confidence.LIKELY,
        )
