"""Finds torch and its CUDA wheels in two different site-packages."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, also, check
from cudadoctor.checks.engine.sources import PYTORCH_INSTALL
from cudadoctor.checks.shared.machine import clean, env_subject, rows, seen, torch_shown, weight
from cudadoctor.checks.shared.messages import first, shown, subject
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.facts.symptom import Symptom


@check("PY014", severity=Severity.ERROR)
def site_packages_split_lib_lib64(envs: tuple[EnvFacts, ...]) -> Result:
    """The environment's lib and lib64 are two directories: torch lies in one, its nvidia-* wheels in the other.

    Why:
        On RHEL, Rocky, Alma, Fedora and SUSE compiled packages go to lib64 and others to lib. torch's wheel counts as
        compiled, the nvidia-* wheels do not, and torch looks for cuDNN and the others in the directory beside its own.
        A virtual environment has lib64 as a link to lib, so that both are one; where the link was lost (copied without
        links, a packed image, pip's --target or --prefix, a global installation) they are two, and `import torch` ends
        with "libcudnn.so.9: cannot open shared object file".

    How we know:
        torch lies in lib64/…/site-packages and the nvidia wheels in lib/…/site-packages of the same prefix, and the
        import ends with "cannot open shared object file". In a text a traceback through
        lib64/python3…/site-packages/torch that misses libcudnn, libcublas or another library of a wheel.

    Fix:
        Make a new environment with `python3 -m venv ~/venvs/torch` on the machine itself, activate it, and install
        there; keep links when you copy one (`cp -a`, `rsync -a`, `tar`). uv and conda environments have one directory.

    Harmless when:
        torch imports: newer ones search all of Python's path for these wheels.

    Sources:
        https://pytorch.org/get-started/locally/
    """
    for env in envs:
        torch = env.torch
        if torch is None or torch.nvidia_site is None or torch.cuda is None:
            continue
        here, there = torch.location.rpartition("/")[0], torch.nvidia_site
        if here.replace("/lib64/", "/lib/") != there.replace("/lib64/", "/lib/"):
            continue
        # The usual layout of these systems outside of environments: a fault only where torch is at a loss with it.
        if torch.live.outcome != "import-error" or "cannot open shared object file" not in (torch.live.error or ""):
            continue
        yield Problem(
            subject=env_subject(env),
            message=f"{torch_shown(env, torch)} lies in {clean(here)}, and its nvidia-* wheels in {clean(there)}",
            evidence=rows(torch.seen, seen(there, "nvidia-*")),
            source=PYTORCH_INSTALL,
            severity=weight(env),
        )


@also(site_packages_split_lib_lib64)
def in_messages(symptoms: tuple[Symptom, ...], envs: tuple[EnvFacts, ...] | None) -> Result:
    """A torch in lib64 that misses a library of its own wheels."""
    where, missing = first(symptoms, "torch-in-lib64"), first(symptoms, "wheel-library-missing")
    if where is None or missing is None:
        return
    yield Problem(
        subject=subject(envs),
        message=f"{shown(envs)} lies in lib64 and does not find {clean(missing.values.get('library'), 40)} beside it",
        evidence=rows(where.seen, missing.seen),
        source=PYTORCH_INSTALL,
        confidence=Confidence.LIKELY,
    )
