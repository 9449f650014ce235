"""What a person reads of a plan."""

from __future__ import annotations

import re

import pytest
from msgspec.structs import replace

from cudadoctor.remedies.plan import For, Plan, PlanStep, Run, Tell
from cudadoctor.render.clean import command
from cudadoctor.render.plan import text as plan_text
from cudadoctor.render.text_draw import Look
from tests.plan.plans import ALL, FIX, IMPOSSIBLE, NOTHING, REFERENCE, VENV, all_hold

LOOKS = [Look(width=60), Look(width=None), Look(width=200), Look(width=60, unicode=False), Look(width=60, verbosity=1)]


@pytest.mark.parametrize("plan", ALL.values(), ids=ALL)
@pytest.mark.parametrize("look", LOOKS, ids=repr)
def test_prose_fits_and_commands_are_whole(plan: Plan, look: Look) -> None:
    lines = plan_text.render(plan, look).splitlines()
    commands = {
        ("sudo " if step.needs_root else "") + command(step.action.argv)
        for step in plan.steps
        if isinstance(step.action, Run)
    }
    assert commands <= {line.strip() for line in lines}
    width = look.width or 80
    # A word that is longer than the line stays whole.
    long = [line for line in lines if len(line) > width and max(map(len, line.split())) < width - 20]
    assert [
        line for line in long if not line.strip().startswith(("sudo", "/", "bash", "cudadoctor", "echo", "#"))
    ] == []
    if not look.unicode:
        assert not set("✓→☞✗·…") & set("".join(lines))


def marks(text: str) -> str:
    return "".join(re.findall(r"(?m)^([✓→☞]) +\d+\. ", text))


def test_marks_say_what_becomes_of_each_step() -> None:
    holds = {"driver-install": True, "toolkit-key": None, "conda-download": False}
    assert marks(plan_text.render(REFERENCE, holds=holds)) == "✓☞→→→→→→→→→"
    assert marks(plan_text.render(FIX)) == "→☞☞"
    assert marks(plan_text.render(FIX, named=("uvm-module-not-loaded-1",))) == "→→☞"


def test_the_first_line_says_it() -> None:
    assert plan_text.render(VENV).splitlines()[0] == VENV.title
    done = plan_text.render(VENV, holds=all_hold(VENV))
    assert done.splitlines()[0].startswith("✓ ")
    assert "nothing to do" in " ".join(done.split())
    assert "--apply" not in done
    impossible = plan_text.render(IMPOSSIBLE, Look(width=200))
    assert impossible.splitlines()[0].startswith("✗ Impossible: CUDA 10.1 has no code for the RTX 3090")
    assert impossible.splitlines()[1].strip() == f"What works instead: {IMPOSSIBLE.title}"
    assert "--apply" not in impossible
    assert len(plan_text.render(NOTHING, Look(width=200)).splitlines()) == 1


def test_sudo_is_shown_to_who_is_not_root() -> None:
    assert "sudo env DEBIAN_FRONTEND" in plan_text.render(REFERENCE)
    assert "sudo env" not in plan_text.render(replace(REFERENCE, uid=0))


def test_what_it_takes_and_how_to_go_on() -> None:
    text = " ".join(plan_text.render(REFERENCE, Look(width=80)).split())
    assert "4.1 GiB in /usr/local" in text
    assert "11 steps: 10 to do, 1 manual; 8.6 GiB of disk at most; 98 MiB of files to download" in text
    assert "uses the network: apt's sources, github.com, conda.anaconda.org; needs root" in text
    assert "with --apply does it; --emit sh" in text
    assert "--apply" not in plan_text.render(REFERENCE, offer="forms")
    assert "--emit" not in plan_text.render(REFERENCE, offer="nothing")
    assert "dockerfile" not in plan_text.render(FIX)


def test_undo_and_sources_with_v_alone() -> None:
    plain, verbose = plan_text.render(REFERENCE), plan_text.render(REFERENCE, Look(width=80, verbosity=1))
    for words in ("Undo: ", "Stays: nothing stays of it", "Source: CUDA Installation Guide"):
        assert words in verbose
        assert words not in plain
    assert len(plan_text.render(REFERENCE, Look(verbosity=-1)).splitlines()) <= 2


def test_a_change_of_a_file_is_a_diff_where_there_is_one() -> None:
    diff = ("--- /home/me/.bashrc", "+++ /home/me/.bashrc", "@@ -1 +1,2 @@", " # mine", "+new")
    text = plan_text.render(REFERENCE, diffs={"shell-lines": diff})
    assert "\n      +new\n" in text
    assert "gets these lines" not in text
    assert "/home/me/.bashrc gets these lines:" in plan_text.render(REFERENCE)
    colored = plan_text.render(REFERENCE, Look(color=True), diffs={"shell-lines": diff})
    assert "\x1b[32m+new" in colored


def test_a_download_shows_the_line_that_compares_its_hash() -> None:
    text = plan_text.render(REFERENCE)
    assert f"echo '{'a' * 64}  /home/me/.cache/cudadoctor/Miniforge3-Linux-x86_64.sh' | sha256sum -c -" in text
    step = REFERENCE.steps[4]
    bare = replace(REFERENCE, steps=(replace(step, action=replace(step.action, digest=None)),))
    assert "Nothing was published to compare it with." in plan_text.render(bare)


def test_how_to_enter_the_environment_is_the_last_line() -> None:
    assert plan_text.render(VENV).endswith("Afterwards, to use it:\n  source /home/me/torch/bin/activate\n")
    done = plan_text.render(VENV, holds=all_hold(VENV))
    assert "– 3. Test that torch computes · not run again\n" in done
    assert "3 steps: 1 not run again, 2 done already.\n" in done
    assert done.endswith("\nTo use it:\n  source /home/me/torch/bin/activate\n")
    new = replace(VENV, enter=("conda", "activate", "torch; x"), new_shell=True)
    assert plan_text.render(new).endswith("Afterwards, to use it, in a new shell:\n  conda activate 'torch; x'\n")
    assert "activate" not in plan_text.render(replace(VENV, impossible="no"))
    assert "To use" not in plan_text.render(VENV, offer="nothing"), "said when it is done"


def test_what_is_done_only_when_named_has_its_command() -> None:
    line = "  cudadoctor fix uvm-module-not-loaded --apply"
    assert line in plan_text.render(FIX).splitlines()
    assert line in plan_text.render(FIX, offer="nothing").splitlines(), "while the rest is applied, too"
    assert "cudadoctor fix uvm" not in plan_text.render(FIX, offer="forms")
    assert "cudadoctor fix uvm" not in plan_text.render(FIX, named=("uvm-module-not-loaded-1",))


def told(title: str, text: str, why: str = "for gpu-too-hot") -> str:
    step = PlanStep(id="gpu-too-hot-1", title=title, why=why, action=Tell(text=text))
    findings = ("gpu-too-hot@gpu:0",)
    plan = Plan(purpose=For(command="fix", findings=findings), title="t", steps=(step,), home="/home/me", uid=1000)
    return plan_text.render(plan, Look(width=200))


def test_what_a_person_is_told_stands_there_once() -> None:
    assert told("or reboot", "Or reboot.").splitlines()[2:4] == ["☞ 1. Or reboot · manual", ""]
    cut = told("see to the fans; …", "See to the fans; then look again, and again.")
    assert "☞ 1. See to the fans; then look again, and again · manual" in cut
    assert cut.count("fans") == 1
    assert "…" not in cut
    long = told("see to the fans …", f"See to the fans. {'More of it. ' * 20}")
    assert "See to the fans. More" in long
    assert "Reboot the machine." in told("look", "Reboot the machine.")
    assert "it is hot" in told("or reboot", "Or reboot.", why="it is hot")


def test_one_step_is_one_step() -> None:
    assert "1 step: 1 manual." in told("or reboot", "Or reboot.")
