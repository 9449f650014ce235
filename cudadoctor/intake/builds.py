"""What the names of builds tell: `+cu121`, `py3.12_cuda12.1_cudnn9_0`, `cpu`."""

from __future__ import annotations

import re

from cudadoctor.versions import RuntimeVersion

_CU = re.compile(r"cu(\d{2,3})\b")
_CONDA = re.compile(r"cuda_?(\d{1,2}\.?\d{1,2})")


def of_local(local: str) -> tuple[str | None, RuntimeVersion | None]:
    """The build in one word, and its CUDA, of a version's local part; (None, None) where it names none."""
    local = local.lower()
    match = _CU.match(local)
    if match:
        digits = match.group(1)
        return f"cu{digits}", RuntimeVersion.parse(f"{digits[:-1]}.{digits[-1]}")
    for word in ("cpu", "rocm", "xpu"):
        if local.startswith(word):
            return local.partition(".with")[0] if word == "rocm" else word, None
    return None, None


def of_conda(build: str) -> tuple[str | None, RuntimeVersion | None]:
    """The same of conda's build string."""
    lowered = build.lower()
    match = _CONDA.search(lowered)
    if match:
        text = match.group(1)
        version = RuntimeVersion.parse(text if "." in text else f"{text[:-1]}.{text[-1]}")
        return (version.tag if version else None), version
    return ("cpu", None) if re.search(r"(?:^|_)cpu", lowered) else (None, None)
