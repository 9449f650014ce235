"""Finds allocator settings that torch cannot read."""

from __future__ import annotations

import re

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, also, check
from cudadoctor.checks.engine.sources import ALLOCATOR
from cudadoctor.checks.shared.machine import active, clean, rows, seen
from cudadoctor.checks.shared.messages import first
from cudadoctor.checks.shared.rc_lines import setters
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.facts.shell import ShellFacts
from cudadoctor.facts.subject import Var
from cudadoctor.facts.symptom import Symptom

_NAMES = ("PYTORCH_CUDA_ALLOC_CONF", "PYTORCH_ALLOC_CONF")
_FLAGS = ("expandable_segments", "release_lock_on_cudamalloc", "pinned_use_cuda_host_register")
_ITEM = re.compile(r"[a-z]\w{1,60}:(?:[\w.]{1,40}|\[[\w:,.>]{1,200}\])\Z")
_BRACKETS = re.compile(r"\[[^\[\]]{0,200}\]")


@check("ENV007", severity=Severity.WARNING)
def alloc_conf_invalid(shell: ShellFacts, envs: tuple[EnvFacts, ...] | None) -> Result:
    """PYTORCH_CUDA_ALLOC_CONF is written in a way that torch refuses.

    Why:
        The value is a list of `name:value` with commas between. `=` for the colon, quotes that belong to the value, or
        `true` for `True` stop torch with "Unrecognized CachingAllocator option" or "Expected a single True/False
        argument" as soon as it uses CUDA. An older torch refuses names that came later: `expandable_segments` needs
        torch 2.1.

    How we know:
        The value of PYTORCH_CUDA_ALLOC_CONF or PYTORCH_ALLOC_CONF is read by torch's own rules; in a text torch's words
        "Unrecognized CachingAllocator option", "Error parsing CachingAllocator settings", "Expected a single True/False
        argument for …".

    Fix:
        `export PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True,max_split_size_mb:512`, or `unset` it. In a .env file
        or a Dockerfile write no quotes around the value.

    Harmless when:
        The program that reads it is not torch.

    Sources:
        https://docs.pytorch.org/docs/stable/notes/cuda.html
    """
    env = active(envs or ())
    wanted = env is not None and env.torch is not None and env.torch.cuda is not None
    for name in _NAMES:
        value = shell.variables.get(name, "")
        if (fault := _fault(value)) is not None:
            yield Problem(
                subject=str(Var(name)),
                message=f"{name}: `{clean(value, 120)}` {fault}",
                evidence=(seen(name, value), *setters(shell, name)),
                source=ALLOCATOR,
                severity=Severity.ERROR if wanted else None,
            )


def _fault(value: str) -> str | None:
    """What is wrong with the value; spaces do not count."""
    text = "".join(value.split())
    inner: list[str] = _BRACKETS.findall(text)
    for item in _BRACKETS.sub("[]", text).split(","):
        if not item:
            continue
        whole = item.replace("[]", inner[0] if inner else "[0]")
        if item[0] in "\"'":
            return "begins with a quote that belongs to the value"
        if not _ITEM.match(whole):
            return f"has `{clean(item, 60)}`, which is not of the form name:value"
        key, _, setting = item.partition(":")
        if key in _FLAGS and setting not in ("True", "False"):
            return f"has `{clean(item, 60)}`: it must be True or False, written so"
    return None


@also(alloc_conf_invalid)
def in_messages(symptoms: tuple[Symptom, ...], shell: ShellFacts | None) -> Result:
    """The words of torch itself."""
    said = first(symptoms, "allocator-option-refused")
    if said is None:
        return
    named = shell.variables if shell is not None else {}
    name = next((one for one in _NAMES if one in named), _NAMES[0])
    option = said.values.get("option") or said.values.get("value")
    which = f"its option `{clean(option, 60)}`" if option else "it"
    yield Problem(
        subject=str(Var(name)),
        message=f"{name} is set, and this torch refuses {which}",
        evidence=rows(said.seen, seen(name, named[name]) if name in named else None),
        source=ALLOCATOR,
        severity=Severity.ERROR,
        confidence=Confidence.CERTAIN,
    )
