"""Finds a shell whose environment and whose python are not the same."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, Unknown, also, check
from cudadoctor.checks.engine.sources import PIP_AND_CONDA
from cudadoctor.checks.shared.machine import active, clean, env_subject, seen
from cudadoctor.checks.shared.messages import first
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.facts.seen import Seen
from cudadoctor.facts.shell import ShellFacts
from cudadoctor.facts.subject import Var
from cudadoctor.facts.symptom import Symptom

_SHIMS = "/shims"


def _reaches(path: list[str], prefix: str) -> bool:
    """A bare `python` is that of the environment, or may be: by a shim, or by another name of the same directory.

    pyenv-virtualenv sets VIRTUAL_ENV and leaves PATH to its shims. A home directory can have two names (a link, an
    automounter): the end of the path is the same then.
    """
    end = "/".join(["", *prefix.split("/")[-2:], "bin"])
    return any(entry == f"{prefix}/bin" or entry.endswith((_SHIMS, end)) for entry in path)


@check("PY001", severity=Severity.INFO)
def wrong_interpreter(shell: ShellFacts, envs: tuple[EnvFacts, ...]) -> Result:
    """The `python` of this shell is not the environment that is meant.

    Why:
        An environment is active by its variable and not on PATH (a line that sets PATH anew after the activation), or
        torch was installed into another environment than the one that runs: pip and python of different places.

    How we know:
        VIRTUAL_ENV or CONDA_PREFIX is set and PATH does not have its bin directory; or the `python` of PATH has no
        torch while exactly one other environment has a torch for CUDA. In a text: "No module named 'torch'", and pip
        belongs to another place than python, or a package list has a torch.

    Fix:
        Activate the environment that is meant (`source DIR/bin/activate`, `conda activate NAME`), after the line that
        sets PATH, and install with `python -m pip`, which cannot miss it. `command -v python` and `echo $VIRTUAL_ENV
        $CONDA_PREFIX` show what is active. In a notebook choose its kernel: `import sys; sys.executable` says which
        Python runs.

    Harmless when:
        The other environment is another project's. Then this is information and no more.

    Sources:
        https://docs.conda.io/projects/conda/en/latest/user-guide/tasks/manage-environments.html
    """
    path = [entry.text.rstrip("/") for entry in shell.entries if entry.variable == "PATH"]
    for name in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        prefix = (shell.variables.get(name) or "").rstrip("/")
        if prefix and path and _reaches(path, prefix):
            break  # a venv over a conda environment, whose variable is left from an outer shell
        if prefix and path:
            if len(path) <= (shell.variables.get("PATH") or "").count(":"):
                yield Unknown(subject=str(Var(name)), reason="PATH has more elements than were looked at")
                return
            yield Problem(
                subject=str(Var(name)),
                message=f"{name} names {clean(prefix)}, and its bin directory is not on PATH: `python` is another one",
                evidence=(seen(name, prefix), seen("PATH", shell.variables.get("PATH") or ":".join(path))),
                source=PIP_AND_CONDA,
                severity=Severity.WARNING,
                confidence=Confidence.LIKELY,
            )
            return
    env = active(envs)
    if (
        env is None
        or env.active_because == "--env"
        or env.torch is not None
        or env.kind in ("venv", "uv", "pixi", "pipx")
    ):
        return
    with_cuda = [other for other in envs if other.torch is not None and other.torch.cuda is not None]
    if len(with_cuda) == 1:
        yield Problem(
            subject=env_subject(env),
            message=(
                f"`python` is that of env `{clean(env.name, 80)}`, without torch; "
                f"env `{clean(with_cuda[0].name, 80)}` has a torch for CUDA"
            ),
            evidence=(with_cuda[0].torch.seen,) if with_cuda[0].torch is not None else (),
            source=PIP_AND_CONDA,
            confidence=Confidence.POSSIBLE,
        )


@also(wrong_interpreter)
def in_messages(symptoms: tuple[Symptom, ...], envs: tuple[EnvFacts, ...] | None) -> Result:
    """A python without torch, and pip of another place, or a list of packages that has one."""
    missing = first(symptoms, "torch-module-not-found")
    if missing is None or first(symptoms, "package-build-isolated", "build-needs-undeclared-torch") is not None:
        return
    python, pip = first(symptoms, "python-found-at"), first(symptoms, "pip-found-at")
    env = active(envs or ())
    if python is not None and pip is not None and python.values["prefix"] != pip.values["prefix"]:
        of_python, of_pip = clean(python.values["prefix"]), clean(pip.values["prefix"])
        message = f"python is that of {of_python}, and pip installs into {of_pip}"
        evidence: tuple[Seen, ...] = (missing.seen, python.seen, pip.seen)
    elif env is not None and env.torch is not None and env.torch.version[:1].isdigit():
        message = f"torch {clean(env.torch.version, 60)} is installed, and the python that ran has none"
        evidence = (missing.seen, env.torch.seen)
    else:
        return
    yield Problem(
        subject="machine",
        message=message,
        evidence=evidence,
        source=PIP_AND_CONDA,
        severity=Severity.ERROR,
        confidence=Confidence.LIKELY,
    )
