"""Reports libraries that are put into every program."""

from __future__ import annotations

import re

from cudadoctor.checks.engine.base import Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import LD_SO
from cudadoctor.checks.shared.machine import clean, rows, seen
from cudadoctor.facts.shell import LoaderFacts

_USUAL = re.compile(
    r"lib(?:jemalloc|tcmalloc\w*|mimalloc|gomp|iomp5|omp|stdc\+\+|gtk3-nocsd|nss_wrapper|fakeroot\S*)[.-]"
)
_CUDA = re.compile(r"lib(?:cuda|cudart|cublas|cublasLt|cudnn\w*|cusparse|cusolver|nvJitLink)\.so")


def _is_other(path: str) -> bool:
    return _CUDA.match(path.rpartition("/")[2]) is None


@check("SEC003", severity=Severity.INFO)
def ld_preload_set(loader: LoaderFacts) -> Result:
    """LD_PRELOAD or /etc/ld.so.preload puts a library into every program.

    Why:
        A preloaded library is there before all others and stands in for any of the same name. A CUDA library that is
        preloaded is used in the place of torch's own, whatever its version; any other one can change what programs do.

    How we know:
        The variable LD_PRELOAD of this shell and the file /etc/ld.so.preload.

    Fix:
        `unset LD_PRELOAD`, and take it out of the file that sets it. /etc/ld.so.preload concerns the whole machine:
        look what put it there before you remove a line.

    Harmless when:
        It is there on purpose. Allocators (jemalloc, tcmalloc) and OpenMP runtimes, which PyTorch's tuning guide
        recommends, are silent.

    Sources:
        https://man7.org/linux/man-pages/man8/ld.so.8.html
    """
    # CUDA's first: one finding tells of all.
    for path in sorted(loader.preload[:20], key=_is_other):
        name = path.rpartition("/")[2]
        if not name or _USUAL.match(name):
            continue
        cuda = _CUDA.match(name) is not None
        yield Problem(
            subject="var:LD_PRELOAD",
            message=(
                f"{clean(path)} is preloaded into every program"
                + (", and stands in for torch's own library of that name" if cuda else "")
            ),
            evidence=rows(seen("LD_PRELOAD, /etc/ld.so.preload", path)),
            source=LD_SO,
            severity=Severity.WARNING if cuda else None,
        )
        return
