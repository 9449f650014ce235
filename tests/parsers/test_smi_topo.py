"""`nvidia-smi topo -m`."""

from __future__ import annotations

import pytest

from cudadoctor.parsers import smi_topo

ROWS = [
    ["", "GPU0", "GPU1", "NIC0", "CPU Affinity", "NUMA Affinity", "GPU NUMA ID"],
    ["GPU0", " X ", "NV12", "PXB", "0-15,32-47", "0", "", "N/A"],
    ["GPU1", "NV12", " X ", "SYS", "16-31", "1", "", "N/A"],
    ["NIC0", "PXB", "SYS", " X ", "", "", "", ""],
]
LEGEND = "\nLegend:\n\n  X    = Self\n  SYS  = Connection …\n\nNIC Legend:\n\n  NIC0: mlx5_0\n"
TABS = "\n".join("\t".join(row) for row in ROWS) + "\n" + LEGEND
BLANKS = TABS.replace("\t", "    ")


@pytest.mark.parametrize(
    "text",
    [
        TABS,
        BLANKS,
        TABS.replace("\n", "\r\n"),
        TABS.replace("\tGPU0", "\t\x1b[4mGPU0", 1).replace("NUMA ID", "NUMA ID\x1b[0m"),
        TABS.replace("\tGPU0", "\t[4mGPU0", 1).replace("NUMA ID", "NUMA ID[0m"),
        "$ nvidia-smi topo -m\n" + "".join(f"> {line}\n" for line in BLANKS.splitlines()),
        TABS + TABS,
    ],
)
def test_the_matrix(text: str) -> None:
    matrix = smi_topo.parse(text)
    assert matrix is not None
    assert (matrix.columns, matrix.gpus, matrix.complete) == (("GPU0", "GPU1", "NIC0"), ("GPU0", "GPU1"), True)
    assert matrix.link("GPU0", "GPU1") == matrix.link("GPU1", "GPU0") == "NV12"
    assert (matrix.link("GPU1", "NIC0"), matrix.link("GPU0", "GPU0"), matrix.link("GPU0", "GPU7")) == ("SYS", "X", None)
    assert [(row.cpu_affinity, row.numa_affinity) for row in matrix.rows][:2] == [("0-15,32-47", "0"), ("16-31", "1")]
    assert matrix.nics == (("NIC0", "mlx5_0"),)


def test_cut() -> None:
    matrix = smi_topo.parse(TABS[: TABS.index("SYS")])
    assert matrix is not None
    assert not matrix.complete
    assert matrix.link("GPU1", "NIC0") is None


@pytest.mark.parametrize("text", ["", "GPU0 is broken", "Legend:\n X = Self", "\tGPU0\tCPU Affinity\n"])
def test_what_is_no_matrix(text: str) -> None:
    assert smi_topo.parse(text) is None
