"""The parts do what their real models do, before anything is said of cudadoctor by them."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable
from typing import Any

from tests.plan.real import conda, debian
from tests.plan.real.channel import GPU_BUILD
from tests.plan.real.machine import REPO, Machine

Fresh = Callable[[], Machine]
tomllib: Any = importlib.import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")


def test_the_dependencies_are_those_of_the_project() -> None:
    project = tomllib.loads((REPO / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert list(debian.NEEDS) == [one for one in project["dependencies"] if "python_version" not in one]


def test_the_reference_machine_is_what_it_says(reference: Fresh) -> None:
    box = reference()
    before = box.tree()
    done = box.cudadoctor("check", "--fast", "--json")
    facts = json.loads(done.out)["facts"]
    assert facts["os"]["id"] == "ubuntu", done.err
    assert (facts["os"]["version_id"], facts["os"]["container"]) == ("18.04", None)
    assert [gpu["compute_capability"] for gpu in facts["gpus"]] == ["6.1"]
    assert facts["driver"]["version"] == "418.39"
    assert box.tree() == before, "looking changes nothing"


def test_the_conda_of_then_takes_the_builds_that_are_named(reference: Fresh) -> None:
    box = reference()
    assert box.run("bash", f"/media/{conda.FILE}", "-b", "-p", "/root/miniforge3").code == 0
    program = "/root/miniforge3/bin/conda"
    assert box.run(program, "--version").text.strip() == "conda 4.3.16"
    specs = ("python=3.7", "pytorch=1.4.0=*cuda10.1*", "torchvision=0.5.0=*cu101*", "cudatoolkit=10.1", "numpy<2")
    make = (program, "create", "-y", "-p", "/root/env", "--override-channels", "-c", "file:///media/channel")
    done = box.run(*make, *specs)
    assert done.code == 0, done.text
    listed = box.run(program, "list", "-p", "/root/env").out
    assert GPU_BUILD in listed
    assert "py37_cu101" in listed
    says = box.run("/root/env/bin/python", "-c", "import sys, torch; print(sys.prefix, torch.__version__)")
    assert says.out.split() == ["/root/env", "1.4.0"], says.err
