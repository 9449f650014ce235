"""What CUDA's own start gave: the code of cuInit, or of the runtime's first call, as programs print it."""

from __future__ import annotations

from cudadoctor.compat import cuda_codes
from cudadoctor.facts.driver import LibcudaFacts
from cudadoctor.intake.draft import Draft
from cudadoctor.intake.lazy import Lazy

_INIT_NAME = Lazy(r"cuInit[^\n]{0,60}?\b(?P<name>CUDA_ERROR_[A-Z_]{3,60}|UNKNOWN_CUDA_ERROR)", words="cuinit")
_INIT_CODE = Lazy(
    r"\bcuInit(?:\(0\))?[^\n\w]{0,12}(?:gave|returned|failed with|->|=|:)[^\n\w]{0,8}(?:error )?(?P<code>\d{1,3})\b",
    words="cuinit",
)
_RUNTIME = Lazy(
    r"\bcuda(?:GetDeviceCount|GetDeviceProperties|RuntimeGetVersion)(?:\(\))?\s(?:returned"
    r"|failed with error)\s#?(?P<code>\d{1,3})\b"
    r"|Unexpected error from cudaGetDeviceCount\(\)[^\n]{0,200}?Error (?P<code2>\d{1,3}):"
    r"|\bcuda runtime error \((?P<code3>\d{1,3})\)[^\n]{0,160}THCGeneral",
    words="cudaget|cudaruntime|cuda runtime error|cudagetdevicecount",
)
_OLD_RUNTIME = {30: 999, 38: 100, 10: 101}
"""Codes of the runtime before CUDA 10.1 that meant what the driver's codes mean (cuda_runtime_api.h, cudaError)."""
_START = frozenset((34, 46, 100, 101, 802, 803, 804, 805, 999))
"""Codes that the first call gives because CUDA cannot start; others are of the program's own doing."""


def recognise(draft: Draft) -> None:
    """The first code that says why CUDA did not start."""
    text = draft.paste.text
    found: tuple[int, int] | None = None
    if match := _INIT_NAME.search(text, draft.paste.lowered):
        name = match["name"]
        code = (
            999
            if name == "UNKNOWN_CUDA_ERROR"
            else next((c for c in _START if cuda_codes.cuda_result_name(c) == name), None)
        )
        found = (match.start(), code) if code is not None else None
    if found is None and (match := _INIT_CODE.search(text, draft.paste.lowered)):
        found = (match.start(), int(match["code"]))
    if found is None and (match := _RUNTIME.search(text, draft.paste.lowered)):
        code = int(match["code"] or match["code2"] or match["code3"])
        found = (match.start(), _OLD_RUNTIME.get(code, code))
    if found is None or found[1] not in _START:
        return
    start, code = found
    draft.libcuda = LibcudaFacts(
        outcome="failed",
        cuinit=code,
        cuinit_name=cuda_codes.cuda_result_name(code),
        seen=draft.paste.seen(text.count("\n", 0, start)),
    )
