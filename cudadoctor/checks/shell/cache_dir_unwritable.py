"""Finds caches of compiled kernels that this user may not write."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, also, check
from cudadoctor.checks.engine.sources import COMPILER_CACHE
from cudadoctor.checks.shared.machine import clean, seen
from cudadoctor.checks.shared.messages import first
from cudadoctor.facts.limits import CacheDir, LimitFacts
from cudadoctor.facts.shell import ShellFacts
from cudadoctor.facts.subject import File
from cudadoctor.facts.symptom import Symptom
from cudadoctor.facts.system import OsFacts

_NOBODY = 65534


@check("ENV009", severity=Severity.WARNING)
def cache_dir_unwritable(limits: LimitFacts, shell: ShellFacts | None, os: OsFacts | None) -> Result:
    """A directory for compiled kernels belongs to somebody else, so nothing can be kept there.

    Why:
        One `sudo python` leaves ~/.nv, ~/.triton or ~/.cache to root. After that torch.compile and Triton stop with
        "Permission denied", extensions are not built, and CUDA compiles the same kernels at every start.

    How we know:
        ~/.nv, ~/.triton, ~/.cache or the directory that CUDA_CACHE_PATH, TRITON_CACHE_DIR or TORCHINDUCTOR_CACHE_DIR
        names belongs to another user and cannot be written; in a text "PermissionError: [Errno 13] Permission denied"
        with such a path.

    Fix:
        `sudo chown -R "$USER" ~/.nv ~/.triton ~/.cache`; without root, name another directory: `export
        TRITON_CACHE_DIR=$HOME/triton TORCHINDUCTOR_CACHE_DIR=$HOME/inductor CUDA_CACHE_PATH=$HOME/nv`.

    Harmless when:
        Nothing is compiled at run time.

    Sources:
        https://docs.pytorch.org/tutorials/recipes/torch_compile_caching_tutorial.html
    """
    home = shell.home if shell is not None else None
    if os is None or os.uid in (None, 0):
        return
    for one in limits.caches:
        mine = home is not None and one.path.startswith(f"{home}/")
        # Who "nobody" really is, a network file system knows, or the other side of a user namespace.
        if one.writable is False and one.uid not in (os.uid, _NOBODY) and (mine or one.variable):
            yield _problem(one)


def _problem(one: CacheDir) -> Problem:
    owner = "root" if one.uid == 0 else f"user {one.uid}"
    named = f" ({one.variable})" if one.variable else ""
    return Problem(
        subject=str(File(clean(one.path))),
        message=f"{clean(one.path)}{named} belongs to {owner}, and this user may not write there",
        evidence=(seen(one.path, f"mode {one.mode:04o}, uid {one.uid}"),),
        source=COMPILER_CACHE,
    )


@also(cache_dir_unwritable)
def in_messages(symptoms: tuple[Symptom, ...]) -> Result:
    """A program was refused there."""
    said = first(symptoms, "cache-permission-denied")
    if said is not None:
        path = clean(said.values["path"])
        yield Problem(
            subject=str(File(path)),
            message=f"{path} may not be written, and compiled kernels are kept there",
            evidence=(said.seen,),
            source=COMPILER_CACHE,
            severity=Severity.ERROR,
            confidence=Confidence.LIKELY,
        )
