"""Finds a torch of another place that wins over the environment's own."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import USER_SITE
from cudadoctor.checks.shared.machine import clean, env_subject, rows, seen
from cudadoctor.facts.envs import EnvFacts

_OWN_KINDS = ("conda", "pixi", "venv", "uv")


@check("PY007", severity=Severity.WARNING)
def user_site_shadows(envs: tuple[EnvFacts, ...]) -> Result:
    """A torch in the user's own directory (~/.local), or one of PYTHONPATH, wins over the environment's.

    Why:
        Python looks through PYTHONPATH first, and conda's Pythons look through ~/.local/lib/python3.X/site-packages
        before their own directory (virtual environments do not, unless they were made with --system-site-packages). So
        what `pip install --user` once left there is imported in every conda environment of the same Python version:
        the installed torch is another one than `conda list` shows, often a CPU build or one for another CUDA.

    How we know:
        The active environment has a torch in its own site-packages, and its Python imports another version from
        ~/.local or PYTHONPATH.

    Fix:
        Remove the copy that wins, or keep Python from looking there. See which one it is: `python -c "import torch;
        print(torch.__file__)"`, and without the user's own: `python -s -c "import torch; print(torch.__file__)"`.
        Remove the copy (`python -m pip uninstall torch`, as often as it finds one), or set PYTHONNOUSERSITE=1 for conda
        environments: `conda env config vars set PYTHONNOUSERSITE=1`.

        For PYTHONPATH: take the line out of ~/.bashrc, or unload the module that sets it.

    Harmless when:
        It is meant so: a development checkout, or a site's module that brings its own torch.

    Sources:
        https://docs.python.org/3/library/site.html
    """
    for env in envs:
        torch = env.torch
        if torch is None or env.kind not in _OWN_KINDS or not env.active:
            continue
        prefix = env.prefix.rstrip("/") + "/"
        own = next((other for other in torch.hidden if other.location.startswith(prefix)), None)
        if own is None or torch.location.startswith(prefix) or own.version == torch.version:
            continue
        yield Problem(
            subject=env_subject(env),
            message=(
                f"env `{clean(env.name, 80)}` has torch {clean(own.version, 40)}, and Python imports torch "
                f"{clean(torch.version, 40)} from {clean(torch.location, 120)}"
            ),
            evidence=rows(torch.seen, seen(own.location, own.version)),
            source=USER_SITE,
            confidence=Confidence.CERTAIN,
        )
