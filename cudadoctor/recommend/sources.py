"""Where what the reasons say was read, beside the tables' own sources."""

from __future__ import annotations

from cudadoctor.compat.source import Source

READ_ON = "2026-11-23"

CPU_BUILD_TAKEN = Source(
    title="conda/conda#11001: this command installs a CPU build",
    url="https://github.com/conda/conda/issues/11001",
    read_on=READ_ON,
)
CHANNEL_ENDED = Source(
    title="pytorch/pytorch#138506: the end of the conda channel",
    url="https://github.com/pytorch/pytorch/issues/138506",
    read_on=READ_ON,
)
CUDATOOLKIT_11_0_221 = Source(
    title="pytorch/pytorch#51080: cuBLAS error with cudatoolkit 11.0.221",
    url="https://github.com/pytorch/pytorch/issues/51080",
    read_on="2026-12-01",
)
PIP_19_3 = Source(
    title="pip 19.3: support for manylinux2014", url="https://pip.pypa.io/en/stable/news/#v19-3", read_on="2026-12-01"
)
UV_AUTO = Source(
    title="astral-sh/uv#14742: --torch-backend=auto looks at no GPU",
    url="https://github.com/astral-sh/uv/issues/14742",
    read_on=READ_ON,
)


def pitfall(name: str) -> Source | None:
    """The issue in which a breakage was reported."""
    from cudadoctor.compat import pitfalls

    row = pitfalls.by_id(name)
    first = row.reference.split(",")[0].strip() if row is not None else ""
    repository, mark, number = first.partition("#")
    if not mark or not number.isdigit():
        return None
    return Source(title=first, url=f"https://github.com/{repository}/issues/{number}", read_on=READ_ON)
