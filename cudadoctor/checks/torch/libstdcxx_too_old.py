"""Finds a torch that is given too old a libstdc++."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Severity, also, check
from cudadoctor.checks.engine.sources import LIBSTDCXX, PYTORCH_INSTALL
from cudadoctor.checks.shared.cuda_libraries import subject_of
from cudadoctor.checks.shared.machine import clean, env_subject, rows, torch_shown, weight
from cudadoctor.checks.shared.messages import every
from cudadoctor.checks.shared.torch_started import GLIBCXX, live_seen, started
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.facts.symptom import Symptom


@check("PY012", severity=Severity.ERROR)
def libstdcxx_too_old(envs: tuple[EnvFacts, ...]) -> Result:
    """The libstdc++ that is loaded is older than torch needs.

    Why:
        A process has one libstdc++: the first that is loaded serves all. Where the environment's (conda, a module, a
        directory on LD_LIBRARY_PATH) is loaded first, what was compiled with the system's newer g++ misses symbols;
        where the system's is loaded first, conda's newer programs do. The message names the file that is too old,
        before the colon, and what needs more, after "required by".
        GLIBCXX_3.4.26 came with gcc 9, 3.4.28 with 9.3, 3.4.29 with 11, 3.4.30 with 12, 3.4.32 with 13.2, 3.4.33
        with 14.

    How we know:
        The loader's words: "ImportError: …/libstdc++.so.6: version 'GLIBCXX_3.4.29' not found (required by …)", or
        CXXABI_1.3.13 and its like: the file before the colon is the old one.

    Fix:
        Let the newer libstdc++ be loaded first. The old file lies in a conda environment: `conda install -c conda-forge
        "libstdcxx-ng>=12"`. The old file is the system's and conda has a newer one: activate the environment; if the
        system's is loaded all the same, `export
        LD_LIBRARY_PATH="$CONDA_PREFIX/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"` for this program.

        The old file is on LD_LIBRARY_PATH: take that directory out. An extension compiled here: compile it again with
        the environment's compiler (`conda install -c conda-forge gxx_linux-64`).

    Harmless when:
        Never: torch cannot be imported.

    Sources:
        https://pytorch.org/get-started/locally/
    """
    for env, torch in started(envs, "import-error"):
        match = GLIBCXX.search(torch.live.error or "")
        if match:
            yield Problem(
                subject=env_subject(env),
                message=f"{torch_shown(env, torch)} needs {match.group(1)}, which the loaded libstdc++ does not have",
                evidence=(live_seen(torch),),
                source=PYTORCH_INSTALL,
                severity=weight(env),
            )


@also(libstdcxx_too_old)
def in_messages(symptoms: tuple[Symptom, ...], envs: tuple[EnvFacts, ...] | None) -> Result:
    """By the loader's message: which file is too old, and for what."""
    for one in every(symptoms, "libstdcxx-version-not-found"):
        file, by = one.values.get("file"), one.values.get("by")
        old = clean(file) if file else "the libstdc++ that is loaded"
        yield Problem(
            subject=subject_of(envs, one),
            message=f"{old} has no {one.values['version']}, which {clean(by) if by else 'a program'} needs",
            evidence=rows(one.seen),
            source=LIBSTDCXX,
        )
        return
