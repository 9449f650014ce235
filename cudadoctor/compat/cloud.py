"""Cloud instance types, and the accelerator of each.

A row says what the name of a type decides. AWS's models were compared with the accelerators that EC2's API reference
lists, Azure's with its pages of sizes. Google's GPU page was not opened: its rows were only compared with the names of
accelerators in Google's API reference.
"""

from __future__ import annotations

import re

from msgspec import Struct

from cudadoctor.compat.source import Source

AWS = Source(
    title="Amazon EC2: accelerated computing instances",
    url="https://docs.aws.amazon.com/ec2/latest/instancetypes/ac.html",
    read_on="2026-12-01",
)
AZURE = Source(
    title="Azure: GPU-accelerated virtual machine sizes",
    url="https://learn.microsoft.com/azure/virtual-machines/sizes/overview",
    read_on="2026-12-01",
)
GOOGLE = Source(
    title="Compute Engine: GPU machine types", url="https://cloud.google.com/compute/docs/gpus", read_on="2026-12-01"
)


class Accelerator(Struct, frozen=True, kw_only=True):
    """What an instance type has."""

    provider: str
    maker: str | None
    """`nvidia`, `amd`, `aws`, `google`, `intel`; None: no accelerator."""
    gpu: str | None
    source: Source


_Row = tuple[str, str | None, str | None]

_AWS: tuple[_Row, ...] = (
    # family, maker, model
    *(("p2", "nvidia", "Tesla K80"), ("p3", "nvidia", "Tesla V100"), ("p3dn", "nvidia", "Tesla V100")),
    *(("p4d", "nvidia", "A100"), ("p4de", "nvidia", "A100"), ("p5", "nvidia", "H100")),
    *(("p5e", "nvidia", "H200"), ("p5en", "nvidia", "H200"), ("p6-b200", "nvidia", "B200")),
    *(("g2", "nvidia", "GRID K520"), ("g3", "nvidia", "Tesla M60"), ("g3s", "nvidia", "Tesla M60")),
    *(("g4dn", "nvidia", "Tesla T4"), ("g4ad", "amd", "Radeon Pro V520"), ("g5", "nvidia", "A10G")),
    *(("g5g", "nvidia", "T4G"), ("g6", "nvidia", "L4"), ("gr6", "nvidia", "L4"), ("g6e", "nvidia", "L40S")),
    *(("inf1", "aws", "Inferentia"), ("inf2", "aws", "Inferentia2"), ("trn1", "aws", "Trainium")),
    *(("trn1n", "aws", "Trainium"), ("trn2", "aws", "Trainium2"), ("dl1", "intel", "Gaudi")),
)
_AWS_WITHOUT = re.compile(r"(?:[tmcr]\d[a-z]{0,4}|[xz]\d[a-z]{0,4}|[ihd]\d[a-z]{0,4}|a1|hpc\d[a-z]?)\Z")
"""EC2's families for general use, compute, memory and storage."""
_AWS_TYPE = re.compile(
    r"(?<![\w.-])(?P<family>[a-z]{1,4}\d{1,2}[a-z]{0,3}(?:-b200)?)"
    r"\.(?:nano|micro|small|medium|large|metal|\d{0,2}xlarge)(?:-\d{1,2}xl)?(?![\w.-])"
)
_AZURE: tuple[_Row, ...] = (
    # pattern of the name after `Standard_`, maker, model
    *((r"NC\d+r?", "nvidia", "Tesla K80"), (r"NC\d+r?s_v2", "nvidia", "Tesla P100")),
    *((r"NC\d+r?s_v3", "nvidia", "Tesla V100"), (r"NC\d+as_T4_v3", "nvidia", "Tesla T4")),
    *((r"NC\d+ads_A100_v4", "nvidia", "A100"), (r"NC\w*_?H100_v5", "nvidia", "H100")),
    *((r"ND\d+r?s", "nvidia", "Tesla P40"), (r"ND40rs_v2", "nvidia", "Tesla V100")),
    *((r"ND96a\w*_v4", "nvidia", "A100"), (r"ND96is\w*_H100_v5", "nvidia", "H100")),
    *((r"ND96is\w*_H200_v5", "nvidia", "H200"), (r"ND96is\w*_MI300X_v5", "amd", "Instinct MI300X")),
    *((r"NV\d+", "nvidia", "Tesla M60"), (r"NV\d+s_v[23]", "nvidia", "Tesla M60")),
    *((r"NV\d+as_v4", "amd", "Radeon Instinct MI25"), (r"NV\d+a\w*_A10_v5", "nvidia", "A10")),
    (r"NG\d+a\w*_V620_v1", "amd", "Radeon Pro V620"),
    (r"[ABDEFLM]\d+[a-z]*(?:_v\d)?", None, None),
)
_AZURE_TYPE = re.compile(
    r"(?<![\w.-])(?:Standard_)?(?P<size>N[CDVG]\d+[a-z]*(?:_\w{1,20})?)(?![\w.-])|"
    r"(?<![\w.-])Standard_(?P<plain>[ABDEFLM]\d+[a-z]*(?:_v\d)?)(?![\w.-])",
    re.IGNORECASE,
)
_GOOGLE: tuple[_Row, ...] = (
    *(("a2-highgpu", "nvidia", "A100"), ("a2-megagpu", "nvidia", "A100"), ("a2-ultragpu", "nvidia", "A100")),
    *(("a3-highgpu", "nvidia", "H100"), ("a3-megagpu", "nvidia", "H100"), ("a3-edgegpu", "nvidia", "H100")),
    *(("a3-ultragpu", "nvidia", "H200"), ("a4-highgpu", "nvidia", "B200"), ("g2-standard", "nvidia", "L4")),
    ("ct5lp-hightpu", "google", "TPU v5e"),
)
_GOOGLE_TYPE = re.compile(
    r"(?<![\w.-])(?P<family>(?:a[234]|g2|ct5lp)-[a-z]{3,9}(?:gpu|tpu|ard))-\d{1,3}[gt]?(?![\w.-])"
)
_GOOGLE_WITHOUT = re.compile(
    r"(?<![\w.-])(?P<family>[ecnt][2-4][ad]?-(?:standard|highmem|highcpu|medium|micro|small))-?\d{0,3}(?![\w.-])"
)
"""n1 machines may have a GPU attached, so their type decides nothing; E2, N2, C2 and their like cannot."""


def find(text: str) -> tuple[re.Match[str], Accelerator] | None:
    """The first instance type that the text names, with what it has; None where it names none that the tables know."""
    found = [one for one in (_aws(text), _azure(text), _google(text)) if one is not None]
    return min(found, key=lambda one: one[0].start()) if found else None


def _aws(text: str) -> tuple[re.Match[str], Accelerator] | None:
    for match in _AWS_TYPE.finditer(text):
        family = match["family"]
        row = next((one for one in _AWS if one[0] == family), None)
        if row is not None:
            return match, Accelerator(provider="AWS", maker=row[1], gpu=row[2], source=AWS)
        if _AWS_WITHOUT.match(family):
            return match, Accelerator(provider="AWS", maker=None, gpu=None, source=AWS)
    return None


def _azure(text: str) -> tuple[re.Match[str], Accelerator] | None:
    for match in _AZURE_TYPE.finditer(text):
        size = match["size"] or match["plain"]
        for pattern, maker, gpu in _AZURE:
            if re.fullmatch(pattern, size, re.IGNORECASE):
                return match, Accelerator(provider="Azure", maker=maker, gpu=gpu, source=AZURE)
    return None


def _google(text: str) -> tuple[re.Match[str], Accelerator] | None:
    for match in _GOOGLE_TYPE.finditer(text):
        row = next((one for one in _GOOGLE if one[0] == match["family"]), None)
        if row is not None:
            return match, Accelerator(provider="Google Cloud", maker=row[1], gpu=row[2], source=GOOGLE)
    plain = _GOOGLE_WITHOUT.search(text)
    if plain is not None:
        return plain, Accelerator(provider="Google Cloud", maker=None, gpu=None, source=GOOGLE)
    return None
