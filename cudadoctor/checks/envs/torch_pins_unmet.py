"""Finds CUDA wheels of other versions than torch asks for."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import PYTORCH_RELEASES
from cudadoctor.checks.shared.machine import clean, env_subject, release, rows, seen, torch_shown
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.facts.system import OsFacts

_PIP = ("pip", "uv", "poetry", "pdm")


@check("PY005", severity=Severity.INFO)
def torch_pins_unmet(envs: tuple[EnvFacts, ...], os: OsFacts) -> Result:
    """The nvidia-* wheels beside torch are not those that torch asks for.

    Why:
        torch's wheel names the exact versions of cuBLAS, cuDNN, NCCL and the others that it was built and tested with.
        Another package (TensorFlow, JAX, vLLM, a cuDNN by hand) can move them afterwards: pip installs it and only
        warns of the conflict. An older library then lacks functions ("undefined symbol: __nvJitLinkComplete_12_4"), a
        newer one as a rule works.

    How we know:
        torch's METADATA (Requires-Dist: nvidia-cudnn-cu12==9.10.2.21 and its like) against the versions that are
        installed.

    Fix:
        Put torch's own wheels back. `python -m pip check` lists what does not fit. Put torch's own back with the
        command that installed it and `--force-reinstall` (for example `python -m pip install --force-reinstall torch
        --index-url {{index cuda 12}}`), and give the other package a separate environment.

    Harmless when:
        The library is newer on purpose, as cuDNN 9.15 beside torch 2.9; torch imports and computes.

    Sources:
        https://github.com/pytorch/pytorch/blob/main/RELEASE.md
    """
    if os.arch != "x86_64" or os.wsl == 1:
        return
    for env in envs:
        torch = env.torch
        if torch is None or not torch.pins or torch.installer not in _PIP:
            continue
        # A list of packages that torch's company is not on at all (a store, a target directory) tells nothing.
        if not any(name in env.packages for name, _ in torch.pins):
            continue
        failed = torch.live.outcome in ("import-error", "crashed")
        for name, wanted in torch.pins:
            package = env.packages.get(name)
            has = package.version if package is not None else None
            if has is not None and release(has) == release(wanted):
                continue
            older = has is None or release(has) < release(wanted)
            yield Problem(
                subject=env_subject(env),
                message=(
                    f"{torch_shown(env, torch)} asks for {clean(name, 40)} {clean(wanted, 30)}, and "
                    f"{f'{clean(has, 30)} is installed' if has else 'there is none'}"
                ),
                evidence=rows(torch.seen, seen(name, has) if has else None),
                source=PYTORCH_RELEASES,
                severity=Severity.ERROR if failed and older and env.active else Severity.INFO,
                confidence=Confidence.LIKELY,
            )
            break
