"""Finds directories from which no compiled code may be run."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, also, check
from cudadoctor.checks.engine.sources import NOEXEC
from cudadoctor.checks.shared.machine import active, clean, rows, seen
from cudadoctor.checks.shared.messages import every
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.facts.limits import LimitFacts, NoexecPlace
from cudadoctor.facts.seen import Seen
from cudadoctor.facts.subject import File
from cudadoctor.facts.symptom import Symptom

_TEMPORARY = ("/tmp/", "/var/tmp/", "/dev/shm/", "/run/user/")  # noqa: S108  compared with, nothing is written
_COMPILED = ("/.triton/", "/torchinductor", "/torch_extensions/", "/.cache/")


@check("OS009", severity=Severity.INFO)
def noexec_temporary_directory(limits: LimitFacts, envs: tuple[EnvFacts, ...]) -> Result:
    """The temporary or the home directory is mounted noexec: compiled kernels cannot be loaded from there.

    Why:
        torch.compile and Triton compile libraries below /tmp/torchinductor_USER and ~/.triton and load them at once.
        From a file system that is mounted noexec, the loader refuses: "failed to map segment from shared object".
        pip's builds need an executable TMPDIR too.

    How we know:
        /proc/self/mountinfo: the temporary directory, the home directory or a cache of compiled kernels lies on a mount
        with noexec. In a text "failed to map segment from shared object" with a file there.

    Fix:
        Name directories elsewhere: `export TMPDIR=$HOME/tmp TORCHINDUCTOR_CACHE_DIR=$HOME/inductor
        TRITON_CACHE_DIR=$HOME/triton` (make them first). As root: `mount -o remount,exec /tmp`; where /tmp is noexec
        for hardening, leave it and use the variables.

    Harmless when:
        Nothing is compiled at run time: plain torch does not need it.

    Sources:
        https://github.com/pytorch/pytorch/issues/91005
    """
    env = active(envs)
    if env is None or env.torch is None or env.torch.cuda is None:
        return
    for one in limits.noexec:
        yield Problem(
            subject=str(File(clean(one.path))),
            message=f"{clean(one.path)} is on a file system from which no code may be run",
            evidence=(_mounted(one),),
            source=NOEXEC,
        )


def _mounted(one: NoexecPlace) -> Seen:
    return seen("/proc/self/mountinfo", f"{one.mount} noexec")


@also(noexec_temporary_directory)
def in_messages(symptoms: tuple[Symptom, ...], limits: LimitFacts | None) -> Result:
    """The loader refused a file there."""
    for said in every(symptoms, "mapping-refused"):
        path, error = said.values["path"], said.values.get("error")
        if error is not None and not error.startswith("Operation not permitted"):
            continue
        known = next((one for one in (limits.noexec if limits else ()) if path.startswith(f"{one.mount}/")), None)
        if known is None and limits is not None and limits.disks:
            continue  # this machine was looked at, and the file lies where code may be run
        likely = path.startswith(_TEMPORARY) or any(part in path for part in _COMPILED)
        if known is None and not likely and error is None:
            continue
        yield Problem(
            subject=str(File(clean(known.path if known else path))),
            message=f"the loader may not run code from {clean(path)}: its file system is mounted noexec",
            evidence=rows(said.seen, _mounted(known) if known else None),
            source=NOEXEC,
            severity=Severity.ERROR,
            confidence=Confidence.CERTAIN if known else Confidence.LIKELY,
        )
        return
