"""Finds a torch that needs a library which nothing provides."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import LD_SO
from cudadoctor.checks.shared.machine import clean, env_subject, rows, seen, torch_shown, weight
from cudadoctor.checks.shared.torch_started import live_seen
from cudadoctor.facts.envs import EnvFacts

_DRIVERS = ("libcuda.so", "libnvidia-ml.so")
"""The driver's own: libcuda-missing."""


@check("TR016", severity=Severity.ERROR)
def torch_import_missing_library(envs: tuple[EnvFacts, ...]) -> Result:
    """A library that torch needs is in no directory that the loader searches.

    Why:
        The files of torch name the libraries that they need. Followed through RPATH, LD_LIBRARY_PATH, RUNPATH, the
        loader's cache and torch's own search among the wheels, one of them is found nowhere: a wheel was removed or is
        broken (an install that was interrupted, `--no-deps`, a disk that was full), or the image was cut down.

    How we know:
        "ImportError: libcudnn.so.9: cannot open shared object file: No such file or directory" (or another library),
        and following the loader's search through everything that torch's files need finds it nowhere.

    Fix:
        Install torch again with all that it needs: `pip install --force-reinstall torch==VERSION` from the same index,
        or `conda install --force-reinstall pytorch`. libgomp: `apt-get install libgomp1` or `dnf install libgomp`.

    Harmless when:
        torch can be imported: then this check is silent.

    Sources:
        https://man7.org/linux/man-pages/man8/ld.so.8.html
    """
    for env in envs:
        torch = env.torch
        if torch is None or torch.live.outcome not in ("import-error", "not-asked"):
            continue
        missing = [one for one in env.libraries or () if one.path is None and not one.soname.startswith(_DRIVERS)]
        said = [one for one in missing if one.soname in (torch.live.error or "")]
        if not missing or (torch.live.outcome == "import-error" and not said):
            continue
        one = (said or missing)[0]
        names = ", ".join(sorted({clean(each.soname, 60) for each in missing})[:6])
        yield Problem(
            subject=env_subject(env),
            message=f"nothing provides {names}, which {torch_shown(env, torch)} needs",
            evidence=rows(seen(one.needed_by or "", f"needs {one.soname}"), live_seen(torch) if said else None),
            source=LD_SO,
            severity=weight(env) or (None if said else Severity.WARNING),
            confidence=Confidence.CERTAIN if said else Confidence.LIKELY,
        )
