"""Reports a torch that cannot be imported."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Severity, Unknown, check
from cudadoctor.checks.engine.sources import PYTORCH_INSTALL
from cudadoctor.checks.shared.machine import clean, env_subject, torch_shown, weight
from cudadoctor.checks.shared.torch_started import live_seen, started
from cudadoctor.facts.envs import EnvFacts


@check("TR006", severity=Severity.ERROR)
def torch_import_fails(envs: tuple[EnvFacts, ...]) -> Result:
    """`import torch` ends with an error.

    Why:
        A library that it needs is missing, or another version of it is loaded. Where the words of the error name the
        reason, this stands below it in the report.

    How we know:
        The environment's Python imports torch in a process of its own, and it ends with an exception; its last line is
        quoted. Words that name the reason (an undefined symbol, GLIBC, GLIBCXX, a missing library, another module named
        torch) lead to a page of their own.

    Fix:
        Read the error: it names the file. Try `env -u LD_LIBRARY_PATH -u PYTHONPATH python -c "import torch"` in
        another directory, then install torch into a new environment: `python3 -m venv ~/venvs/torch`, and there `python
        -m pip install torch` from the index of your CUDA.

    Harmless when:
        Never: what imports torch here fails.

    Sources:
        https://pytorch.org/get-started/locally/
    """
    for env, torch in started(envs, "failed"):
        yield Unknown(
            subject=env_subject(env), reason=f"torch {torch.version} could not be asked: {clean(torch.live.error, 120)}"
        )
    for env, torch in started(envs, "import-error"):
        yield Problem(
            subject=env_subject(env),
            message=f"importing {torch_shown(env, torch)} fails: {clean(torch.live.error, 160) or 'no reason given'}",
            evidence=(live_seen(torch),),
            source=PYTORCH_INSTALL,
            severity=weight(env),
        )
