"""Finds a file of the user's that is imported in place of torch."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Severity, also, check
from cudadoctor.checks.engine.sources import MODULE_PATH
from cudadoctor.checks.shared.machine import clean, env_subject, seen
from cudadoctor.checks.shared.messages import every, subject
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.facts.symptom import Symptom


@check("PY008", severity=Severity.ERROR)
def local_module_shadows(envs: tuple[EnvFacts, ...]) -> Result:
    """A file or directory here named like a library is imported in its place.

    Why:
        Python looks first in the directory of the script (or, with `python -c` and in notebooks, in the current one).
        A `torch.py` or `torch/` there is taken for torch: "module 'torch' has no attribute …", "partially initialized
        module 'torch'". In a checkout of PyTorch's sources it is the source tree, which has no compiled part: "Failed
        to load PyTorch C extensions".

    How we know:
        torch, asked in the current directory, would come from a torch.py or torch/ there. In a text: "partially
        initialized module 'torch' … (most likely due to a circular import)" or "cannot import name … from 'torch'
        (/…/torch.py)" with the path of the file, or "Failed to load PyTorch C extensions".

    Fix:
        Rename the file or directory, and remove its `__pycache__`; in a checkout of PyTorch go to another directory
        (`cd ~`). `python -c "import torch; print(torch.__file__)"` shows which one is taken.

    Harmless when:
        Programs are started from another directory.

    Sources:
        https://docs.python.org/3/tutorial/modules.html#the-module-search-path
    """
    for env in envs:
        torch = env.torch
        if torch is None or torch.live.local_shadow is None or not env.active:
            continue
        yield Problem(
            subject=env_subject(env),
            message=f"a program started here imports {clean(torch.live.local_shadow)} in place of the installed torch",
            evidence=(seen("the current directory", torch.live.local_shadow), torch.seen),
            source=MODULE_PATH,
            severity=Severity.WARNING,
        )


@also(local_module_shadows)
def in_messages(symptoms: tuple[Symptom, ...], envs: tuple[EnvFacts, ...] | None) -> Result:
    """By what Python or torch said."""
    for one in every(symptoms, "module-imports-itself", "torch-source-checkout"):
        name = one.values.get("module", "torch")
        file = one.values.get("file")
        yield Problem(
            subject=subject(envs),
            message=(
                f"{clean(file)} was imported in place of {clean(name, 20)}"
                if file
                else "Python imported a checkout of PyTorch's sources in place of the installed torch"
            ),
            evidence=(one.seen,),
            source=MODULE_PATH,
        )
        return
