"""The Dockerfile of a plan: what is in it, and that its parser and its shell read it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from msgspec.structs import replace

from cudadoctor.errors import CudaDoctorError
from cudadoctor.remedies.plan import Fetch, Image, Plan, PlanStep, Run, WriteFile
from cudadoctor.render.plan import dockerfile as plan_docker
from tests.plan.dockerfile import instructions, run_argv
from tests.plan.plans import FIX, FORGE, HOME, IMPOSSIBLE, REFERENCE, VENV

DEVEL = replace(REFERENCE, image=Image(base="nvidia/cuda:12.6.3-devel-ubuntu24.04", why="the toolkit is in it"))


def runs(plan: Plan) -> list[list[str]]:
    return [run_argv(rest) for name, rest in instructions(plan_docker.render(plan)) if name == "RUN"]


def commands(plan: Plan) -> str:
    return "\n".join(argv[-1] for argv in runs(plan))


@pytest.mark.parametrize("plan", [REFERENCE, DEVEL, VENV])
def test_its_parser_and_its_shell_read_it(plan: Plan, tmp_path: Path) -> None:
    text = plan_docker.render(plan)
    assert text.isascii()
    found = instructions(text)
    assert [name for name, _ in found].count("FROM") == 1
    assert found[0] == ("FROM", plan.image.base if plan.image else "")
    for argv in runs(plan):
        if argv[0] != "/bin/sh":
            continue
        done = subprocess.run(["sh", "-n"], input=argv[-1].encode(), capture_output=True, check=False)
        assert done.returncode == 0, argv
        if shutil.which("shellcheck"):
            script = tmp_path / "run.sh"
            script.write_text(f"#!/bin/sh\n# shellcheck disable=SC2016\n{argv[-1]}\n")
            checked = subprocess.run(["shellcheck", str(script)], capture_output=True, text=True, check=False)
            assert checked.returncode == 0, checked.stdout


def test_what_is_the_hosts_or_a_shells_is_left_out() -> None:
    ran = commands(REFERENCE)
    assert "nvidia-driver" not in ran
    assert "conda init" not in ran
    assert "sudo" not in ran
    assert ".bashrc" not in ran
    text = plan_docker.render(REFERENCE)
    assert "Left out: the driver is the host's" in text
    assert "docker run --rm --gpus all" in text
    assert ("ENV", "PATH=/usr/local/cuda-10.1/bin:$PATH") in instructions(text)
    assert instructions(text)[-1] == ("ENV", f"PATH={FORGE}/envs/torch/bin:$PATH")


def test_the_rest_is_in_it_in_order() -> None:
    found = [rest for name, rest in instructions(plan_docker.render(REFERENCE)) if name in ("RUN", "ADD")]
    order = ["ca-certificates", "cuda-toolkit-10-1", "https://github.com", "sha256sum", "bash ", "config", "create"]
    places = [next(number for number, rest in enumerate(found) if word in rest) for word in order]
    assert places == sorted(places)
    assert "'pytorch=1.4.0=*cuda10.1*'" in found[-1]


def test_an_image_with_the_toolkit_gets_no_second_one() -> None:
    assert "cuda-toolkit" not in commands(DEVEL)
    assert not [rest for name, rest in instructions(plan_docker.render(DEVEL)) if "CUDA_HOME" in rest]


def test_a_hash_is_compared(tmp_path: Path) -> None:
    file = tmp_path / "it's"
    file.write_text("data\n")
    known = "6667b2d1aab6a00caa5aee5af8ad9f1465e567abf1c209d15727d57b3e8f6e5f"
    for digest, ends in ((known, 0), ("0" * 64, 1)):
        action = Fetch(url="https://example.org/x", path=str(file), digest=digest, why="")
        plan = replace(VENV, steps=(PlanStep(id="f", title="f", why="", action=action),))
        assert subprocess.run(runs(plan)[-1], check=False).returncode == ends


@pytest.mark.parametrize("text", ["deb x\n", "a\\\n# b\n\nit's $HOME\n", "", "tab\tand \x1b\udcff end"])
def test_files_are_written_to_the_byte(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a b" / "list"
    step = PlanStep(id="w", title="w", why="", action=WriteFile(path=str(path), text=text, why=""))
    argv = runs(replace(VENV, steps=(step,)))[-1]
    assert subprocess.run(argv, check=False).returncode == 0
    assert path.read_bytes() == text.encode("utf-8", "surrogateescape")


def test_a_file_of_this_machine_is_copied_from_beside_it() -> None:
    action = Fetch(url="file:///home/me/Downloads/Miniforge3.sh", path="/opt/Miniforge3.sh", digest=None, why="")
    text = plan_docker.render(replace(VENV, steps=(PlanStep(id="f", title="f", why="", action=action), *VENV.steps)))
    assert "# Put beside this file first: Miniforge3.sh" in text
    assert ("COPY", "Miniforge3.sh /opt/Miniforge3.sh") in instructions(text)


def only(argv: tuple[str, ...]) -> Plan:
    return replace(VENV, steps=(PlanStep(id="one", title="", why="", action=Run(argv=argv, why="", safety="safe")),))


@pytest.mark.parametrize(
    ("plan", "says"),
    [
        (IMPOSSIBLE, "no code for the RTX 3090"),
        (FIX, "for the machine that has the fault"),
        (replace(VENV, image=None), "no base image is known"),
        (replace(VENV, image=Image(base="x\nRUN y", why="")), "not the name of an image"),
        (only((f"{HOME}/miniconda3/bin/conda", "create")), "--conda miniforge plans one of its own"),
        (only(("conda", "create")), "--conda miniforge"),
        (only(("/usr/bin/python3", "x", f"{HOME}/wheels")), "would not be in the image"),
        (only(("pip", "install", "--find-links", "/srv/wheels")), "/srv/wheels (one) is on this machine"),
        (only(("pip", "-c", "file:///srv/channel")), "would not be in the image"),
        (only(("dnf", "install", "x")), "has no dnf"),
        (replace(VENV, home="/home/a b"), "cannot stand in one"),
    ],
)
def test_why_there_is_none_is_one_line(plan: Plan, says: str) -> None:
    with pytest.raises(CudaDoctorError) as error:
        plan_docker.render(plan)
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_a_python_of_this_machine_becomes_the_images() -> None:
    plan = only((f"{HOME}/.pyenv/bin/python3.11", "-m", "venv", f"{HOME}/torch"))
    plan = replace(plan, steps=(replace(plan.steps[0], makes=(f"{HOME}/torch",)),))
    assert runs(plan)[-1][-1] == f"python3 -m venv {HOME}/torch"
    assert "python3-venv" in commands(plan)
    assert "python3.10-venv" in commands(only(("/usr/bin/python3.10", "-m", "venv", "/opt/x")))


def test_a_comment_cannot_become_an_order_to_the_parser() -> None:
    text = plan_docker.render(replace(VENV, title="escape=`"))
    assert text.splitlines()[1] == "# escape=`"
    instructions(text)
