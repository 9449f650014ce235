"""Variables, device nodes and limits, as shells and `ls` print them."""

from __future__ import annotations

import re

from cudadoctor.intake.draft import Draft
from cudadoctor.intake.paste import typed

_NAMES = (
    r"CUDA_VISIBLE_DEVICES|CUDA_DEVICE_ORDER|CUDA_HOME|CUDA_PATH|CUDA_ROOT|LD_LIBRARY_PATH|LD_PRELOAD|PATH|CPATH|LIBRARY_PATH|"
    r"NVIDIA_VISIBLE_DEVICES|NVIDIA_DRIVER_CAPABILITIES|TORCH_CUDA_ARCH_LIST|CONDA_PREFIX|VIRTUAL_ENV|PYTHONPATH|"
    r"NCCL_[A-Z0-9_]{2,40}|PYTORCH_[A-Z_]{3,40}|CUDAHOSTCXX|NVCC_CCBIN"
)
_ASSIGNED = re.compile(
    rf"^[\s$#]{{0,8}}(?:export\s{{1,4}}|ENV\s{{1,4}}|set(?:env)?\s{{1,4}})?(?P<name>{_NAMES})=(?P<value>[^\n]{{0,2000}})$",
    re.MULTILINE,
)
_INLINE = re.compile(
    r"(?:^|\s)(?P<name>CUDA_VISIBLE_DEVICES|NCCL_[A-Z0-9_]{2,40})=(?P<value>[\w,.:-]{1,80})(?=\s|\Z)", re.MULTILINE
)
_PYTHON = re.compile(
    rf"os\.environ\[[\"'](?P<name>{_NAMES})[\"']\][ \t]{{0,2}}[:=][ \t]{{0,2}}[\"']?"
    rf"(?P<value>[^\"'\n]{{0,200}})[\"']?\s{{0,8}}$",
    re.MULTILINE,
)
_ECHO = re.compile(rf"\becho\s{{1,4}}[\"']?\$\{{?(?P<name>{_NAMES})\}}?")


def recognise(draft: Draft) -> None:
    """The first value of each variable."""
    text = draft.paste.text
    for pattern in (_ASSIGNED, _PYTHON, _INLINE):
        for match in list(pattern.finditer(text))[:400]:
            value = match["value"].strip().strip("\"'")
            if "$(" in value or "`" in value:
                continue
            draft.put(draft.variables, match["name"], _unfolded(value))
    for index in draft.paste.having("echo", most=100):
        asked = _ECHO.search(draft.paste.texts[index][:400])
        answer = draft.paste.texts[index + 1].strip() if asked and index + 1 < len(draft.paste.texts) else ""
        if asked and answer and typed(answer) is None:
            draft.put(draft.variables, asked["name"], answer[:2000])


def _unfolded(value: str) -> str:
    """Without the references to the variable's own old value, which the text does not tell."""
    return ":".join(part for part in value.split(":") if "$" not in part) if "$" in value else value
