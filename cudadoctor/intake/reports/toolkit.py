"""The CUDA toolkit and the compiler: `nvcc -V`, `gcc --version`."""

from __future__ import annotations

import re

from cudadoctor.facts.toolkit import CompilerFacts
from cudadoctor.intake.draft import Draft
from cudadoctor.intake.lazy import Lazy
from cudadoctor.parsers import nvcc

_GCC = Lazy(
    r"^[ \t]{0,8}(?:x86_64-\S{1,40}-|aarch64-\S{1,40}-)?(?:gcc|g\+\+|cc|c\+\+)(?:-\d{1,2})? \([^\n]{1,80}?\) "
    r"(\d{1,2})\.(\d{1,2}\.\d{1,2})",
    re.MULTILINE,
)
_ROOT = Lazy(r"(/[^\s:;'\"]{0,160}?/?cuda[-_/]?\d{0,2}(?:\.\d{1,2})?)/bin/nvcc\b", words="/bin/nvcc")


def recognise(draft: Draft) -> None:
    """The first nvcc and the first gcc that names itself."""
    text = draft.paste.text
    found = nvcc.parse(text)
    if found is not None and draft.toolkit_version is None:
        at = draft.paste.first("cuda compilation tools", "build cuda_")
        draft.toolkit_version = (found.release, draft.paste.seen(at))
    if match := _ROOT.search(text, draft.paste.lowered):
        draft.toolkit_root = draft.toolkit_root or match.group(1)
    if draft.compiler is None and (match := _GCC.search(text, draft.paste.lowered)):
        draft.compiler = CompilerFacts(
            path="gcc",
            kind="gcc",
            major=int(match.group(1)),
            version=f"{match.group(1)}.{match.group(2)}",
            seen=draft.paste.seen(text.count("\n", 0, match.start())),
        )
