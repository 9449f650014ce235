"""Rates of multiplying matrices by NVIDIA's data sheets, to put a measured one beside: information, never a fault."""

from __future__ import annotations

from collections.abc import Mapping

# Dense TFLOP/s with fp32 accumulation, without sparsity, as NVIDIA's data sheets and architecture papers state them.
# From memory and not read anew, so it is only ever shown as "about"; a GPU that is not listed has no remark.
_SHORT: tuple[tuple[str, float], ...] = (
    ("H200", 989.0),
    ("H100 PCIe", 756.0),
    ("H100 NVL", 835.0),
    ("H100", 989.0),
    ("A100", 312.0),
    ("A30", 165.0),
    ("A10G", 70.0),
    ("A10", 125.0),
    ("L40S", 362.0),
    ("L40", 181.0),
    ("L4", 121.0),
    ("T4", 65.0),
    ("V100", 125.0),
    ("RTX 4090", 165.0),
    ("RTX 3090", 71.0),
)
_KINDS = ("bf16", "fp16")


def remark(name: str | None, figures: Mapping[str, object]) -> str | None:
    """`412 of about 989 TFLOP/s (42 %)`; None where the GPU or the figure is not known."""
    words = (name or "").replace("-", " ").split()
    if "Laptop" in words or "MIG" in words:  # another chip, or a part of one
        return None
    top = next((rate for model, rate in _SHORT if _holds(words, model.split())), None)
    found = next((figures[f"{kind} TFLOP/s"] for kind in _KINDS if f"{kind} TFLOP/s" in figures), None)
    if top is None or not isinstance(found, int | float):
        return None
    return f"{found:.0f} of about {top:.0f} TFLOP/s ({100 * found / top:.0f} %)"


def _holds(words: list[str], model: list[str]) -> bool:
    return all(one in words for one in model)
