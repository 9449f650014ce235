"""Many machines: who is odd, who is broken, who is silent."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path

import pytest

from cudadoctor.api import fleet as api
from cudadoctor.api.examine import Request
from cudadoctor.cli.app import run
from cudadoctor.errors import CudaDoctorError
from cudadoctor.fleet import collect, compare, nodes
from cudadoctor.fleet.compare import Found, Node
from tests.fleet import simulated


def node(name: str, **values: str) -> Node:
    given = {one.replace("_", " "): value for one, value in values.items()}
    return Node(name=name, status="healthy", values={"gpu": "8 × H100", "driver": "580", "kernel": "5.15", **given})


def test_equal_nodes_are_nobodys_trouble() -> None:
    found = compare.compare([node(f"n{number}") for number in range(8)])
    assert (found.odd, found.varies, len(found.groups)) == ((), (), 1)


def test_the_one_that_differs_is_odd() -> None:
    found = compare.compare([*(node(f"n{number}") for number in range(7)), node("n7", driver="570")])
    assert [(one.aspect, one.value, one.usual, one.nodes) for one in found.odd] == [("driver", "570", "580", ("n7",))]


def test_of_two_nobody_can_tell_which_is_wrong() -> None:
    found = compare.compare([node("a"), node("b", driver="570")])
    assert found.odd == ()
    assert [one.aspect for one in found.varies] == ["driver"]


def test_half_and_half_has_no_usual_value() -> None:
    some = [node(f"n{number}", driver="580" if number % 2 else "570") for number in range(8)]
    found = compare.compare(some)
    assert found.odd == ()
    assert {value: len(who) for value, who in found.varies[0].groups} == {"580": 4, "570": 4}


def test_other_gpus_are_other_peers() -> None:
    old = [node(f"old{number}", gpu="4 × V100", driver="535") for number in range(4)]
    found = compare.compare([*(node(f"n{number}") for number in range(8)), *old])
    assert found.odd == ()
    fewer = compare.compare(
        [*(node(f"n{number}", gpu_count="8") for number in range(8)), node("x", gpu="7 × H100", gpu_count="7")]
    )
    assert [(one.aspect, one.nodes) for one in fewer.odd] == [("gpu count", ("x",))]


def test_one_cause_on_many_nodes_is_one_row() -> None:
    finding = Found(name="x-y", code="DRV001", severity="error", subject="machine", message="m", root=True)
    some = [Node(name=f"n{number}", status="broken", findings=(finding,)) for number in (1, 2, 3)]
    found = compare.compare(some)
    assert [(one.name, one.nodes) for one in found.findings] == [("x-y", ("n1", "n2", "n3"))]
    assert nodes.fold(found.findings[0].nodes) == "n[1-3]"


@pytest.mark.parametrize("text", ["a[1-", "gpu[1-20000]", "[", "a[b-c]"])
def test_what_is_no_set_of_nodes(text: str) -> None:
    with pytest.raises(CudaDoctorError):
        nodes.expand(text)


def test_names_are_quoted_for_the_launcher() -> None:
    assert shlex.split(collect.command("run {host} -", "a b;c"))[1] == "a b;c"
    with pytest.raises(CudaDoctorError, match=r"no \{host\}"):
        collect.command("run -", "a")


@pytest.mark.slow
def test_twelve_odd_nodes_of_two_hundred(tmp_path: Path) -> None:
    planted = simulated.fleet(tmp_path, 200)
    found = api.stored(str(tmp_path), Request())
    differing = {name for one in found.odd for name in one.nodes}
    broken = {name for one in found.findings if one.severity == "error" and one.root for name in one.nodes}
    assert differing | broken == set(planted), sorted(set(planted) ^ (differing | broken))
    assert {name for name, what in planted.items() if what.startswith("fabric")} == broken
    assert not found.silent


def test_damaged_snapshots_are_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    simulated.fleet(tmp_path, 4)
    (tmp_path / "gpu0002.json.gz").write_bytes(b"\x1f\x8bnot packed")
    assert run(["fleet", "--from", str(tmp_path), "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["schema"] == "cudadoctor.fleet/1"
    assert {one["node"]: one["status"] for one in report["nodes"]}["gpu0002"] == "no-answer"
    assert run(["fleet", "--from", str(tmp_path / "none")]) == 2


@pytest.fixture
def launcher(tmp_path: Path) -> str:
    """Stands for ssh: nodes by name that work, hang, die, or have no python3."""
    script = tmp_path / "reach"
    script.write_text(
        f"""#!/bin/sh
case $1 in
    good*) exec {shlex.quote(sys.executable)} - ;;
    hang*) sleep 300 ;;
    dead*) echo "ssh: connect to host $1 port 22: No route to host" >&2; exit 255 ;;
    bare*) echo "sh: python3: not found" >&2; exit 127 ;;
esac
"""
    )
    script.chmod(0o755)
    return f"{shlex.quote(str(script))} {{host}}"


def test_a_node_that_hangs_dies_or_has_no_python_is_a_row(
    launcher: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cudadoctor.host.remote.LINK_SECONDS", 0.2)
    assert run(["fleet", "hang1", "--launcher", launcher, "--fast", "--timeout", "0.5", "--json"]) == 1
    assert "no answer within" in json.loads(capsys.readouterr().out)["nodes"][0]["error"]
    words = ["fleet", "good[1-2],dead1,bare1", "--launcher", launcher, "--fast"]
    saved = tmp_path / "saved"
    assert run([*words, "--format", "jsonl", "--save", str(saved)]) == 1
    rows = {row["node"]: row for row in map(json.loads, capsys.readouterr().out.splitlines())}
    assert set(rows) == {"good1", "good2", "dead1", "bare1"}
    assert "No route to host" in rows["dead1"]["error"]
    assert "not found" in rows["bare1"]["error"]
    assert rows["good1"]["error"] is None
    assert sorted(path.name for path in saved.iterdir()) == ["good1.json.gz", "good2.json.gz"]


def test_text(launcher: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["fleet", "good1,dead[1-3]", "--launcher", launcher, "--fast"]) == 1
    out = capsys.readouterr().out
    assert out.splitlines()[0].endswith("4 nodes: 3 did not answer.")
    assert "dead[1-3]" in out or "dead1" in out
    assert run(["fleet", "good1", "--launcher", launcher, "--fast", "--fail-on", "never", "-q"]) == 0
    assert capsys.readouterr().out.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "name the nodes"),
        (["a", "--slurm", "--launcher", "x {host}"], "exclude each other"),
        (["a", "--partition", "x"], "belong to --slurm"),
        (["a", "--launcher", "x"], "no {host}"),
        (["a", "--from", "x"], "leave out nodes"),
    ],
)
def test_wrong_usage(words: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["fleet", *words]) == 2
    assert says in capsys.readouterr().err


def test_srun_is_given_one_node_and_the_options() -> None:
    words = shlex.split(collect.command(collect.srun("gpu", None, "--gres=gpu:8"), "gpu001"))
    assert words[0] == "srun"
    assert {"--partition=gpu", "--gres=gpu:8", "--nodelist=gpu001", "--ntasks=1"} <= set(words)
    assert words[-2:] == ["python3", "-"]
