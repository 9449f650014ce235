"""Lines of rc files: what is corrected, what is left to its owner, and that nothing else changes."""

from __future__ import annotations

import os
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from cudadoctor.api import examine as api
from cudadoctor.api import plans as api_plan
from cudadoctor.executor.doing import change
from cudadoctor.executor.files.journal import Journal
from cudadoctor.executor.files.target import Refused, Writer
from cudadoctor.facts.shell import RcEffect, RcElement, RcLine
from cudadoctor.remedies.plan import Plan, Tell, WriteFile, problems
from cudadoctor.remedies.rc.edit import edit
from cudadoctor.remedies.rc.model import LineEdit
from tests.machines.builder import build

from .test_fix_rc_shells import LIB, machine, written

FILE = "/home/ada/.bashrc"
TYPO = "/usr/loacl/cuda-10.1/lib64"


def plan(text: str, *named: str, **changes: object) -> Plan:
    return api_plan.plan_fix(build(machine(text, **changes)), named)  # type: ignore[arg-type]


def after(text: str, *named: str, **changes: object) -> str:
    return written(plan(text, *named, **changes)).text


def writes(found: Plan) -> list[WriteFile]:
    return [step.action for step in found.steps if isinstance(step.action, WriteFile)]


@pytest.mark.parametrize(
    ("before", "wanted"),
    [
        (f"export LD_LIBRARY_PATH={TYPO}\n", f"export LD_LIBRARY_PATH={LIB}\n"),
        (f"  export LD_LIBRARY_PATH='{TYPO}'  # mine\n", f"  export LD_LIBRARY_PATH='{LIB}'  # mine\n"),
        (f"a=1\r\nexport LD_LIBRARY_PATH={TYPO}\r\nb=2\r\n", f"a=1\r\nexport LD_LIBRARY_PATH={LIB}\r\nb=2\r\n"),
        (f"a=1\nexport LD_LIBRARY_PATH={TYPO}", f"a=1\nexport LD_LIBRARY_PATH={LIB}"),
        (f"export LD_LIBRARY_PATH={LIB}/stubs\na=1\n", "a=1\n"),
        (f"a=1\nexport LD_LIBRARY_PATH={LIB}/stubs", "a=1\n"),
        (f"export LD_LIBRARY_PATH={LIB}:{LIB}/stubs\n", f'export LD_LIBRARY_PATH="{LIB}"\n'),
    ],
)
def test_what_becomes_of_a_file(before: str, wanted: str) -> None:
    assert after(before) == wanted


def test_bytes_that_are_no_utf8_stay() -> None:
    base = machine("")
    data = b"# caf\xe9\nexport LD_LIBRARY_PATH=" + TYPO.encode() + b"\n"
    found = written(api_plan.plan_fix(build(replace(base, rc={}, files={**base.files, FILE: data}))))
    assert found.text.encode("utf-8", "surrogateescape") == data.replace(TYPO.encode(), LIB.encode())
    assert found.before == sha256(data).hexdigest()


@pytest.mark.parametrize(
    "text",
    [
        f"[ -d /x ] && export LD_LIBRARY_PATH={TYPO}\n",
        f"test -d /x &&\nexport LD_LIBRARY_PATH={TYPO}\n",
        f"if [ -d /x ]; then\n  export LD_LIBRARY_PATH={TYPO}\nfi\n",
        f"f() {{\n  export LD_LIBRARY_PATH={TYPO}\n}}\n",
        f"export LD_LIBRARY_PATH={TYPO}:$(brew --prefix)/lib\n",
        f"export LD_LIBRARY_PATH={TYPO}:`pwd`\n",
        f"export A=1 LD_LIBRARY_PATH={TYPO}\n",
        f"export LD_LIBRARY_PATH={TYPO} A=1\n",
        f"export LD_LIBRARY_PATH={TYPO}; echo hello\n",
        f"export LD_LIBRARY_PATH={TYPO} | tee log\n",
        f"export LD_LIBRARY_PATH={TYPO}:\\\n/more\n",
        f"export LD_LIBRARY_PATH={TYPO}$LD_LIBRARY_PATH\n",
        f"export LD_LIBRARY_PATH=${{LD_LIBRARY_PATH%:}}:{TYPO}\n",
        f"LD_LIBRARY_PATH+=:{TYPO}\nexport LD_LIBRARY_PATH\n",
        f'eval "export LD_LIBRARY_PATH={TYPO}"\n',
        f"declare -x LD_LIBRARY_PATH={TYPO} >/dev/null\n",
    ],
)
def test_what_is_not_understood_for_certain_is_told_and_left(text: str) -> None:
    found = plan(text)
    assert writes(found) == []
    report = api.examine_host(build(machine(text)), api.Request())
    if "ld-path-entry-missing" in report.root_causes:  # a line that nobody could follow is no finding at all
        told = [step.action.text for step in found.steps if isinstance(step.action, Tell)]
        assert any(FILE in one for one in told), told


@pytest.mark.parametrize(
    "text",
    [
        f"cat <<EOF\nexport LD_LIBRARY_PATH={TYPO}\nEOF\n",
        f"# export LD_LIBRARY_PATH={TYPO}\n",
        f"x='\nexport LD_LIBRARY_PATH={TYPO}\n'\n",
    ],
)
def test_text_that_is_no_command_is_no_finding(text: str) -> None:
    assert plan(text).steps == ()


def test_the_whole_block_of_a_blog_in_one_step() -> None:
    text = (
        "# ~/.bashrc\n"
        "export PATH=/usr/local/cuda-10.1/bin:$PATH\n"
        "alias ll='ls -l'\n"
        f'export LD_LIBRARY_PATH={TYPO}:"$LD_LIBRARY_PATH:{TYPO}:/usr/local/cuda-10.1/extras/CUPTI/lib64"\n'
        "CUDA_HOME=/usr/local/cuda-10.1\n"
    )
    found = plan(text)
    assert len(writes(found)) == 1
    lines = writes(found)[0].text.split("\n")
    assert (lines[0], lines[2]) == ("# ~/.bashrc", "alias ll='ls -l'")
    assert lines[4] == "export CUDA_HOME=/usr/local/cuda-10.1"
    assert "loacl" not in lines[3]
    assert lines[1].startswith('case ":${PATH-}:" in'), "it grows, and its file is written anyhow"
    step = found.steps[0]
    assert not step.by_name
    assert not step.needs_root
    assert {one.partition("@")[0] for one in found.purpose.findings} >= {
        "ld-path-entry-missing",
        "ld-path-empty-element",
        "cuda-home-not-exported",
    }
    assert [one.id for one in found.steps][-1] == "new-shell"


def test_named_only_what_is_named_is_corrected() -> None:
    text = f"export LD_LIBRARY_PATH={TYPO}:$LD_LIBRARY_PATH\nCUDA_HOME=/usr/local/cuda-10.1\n"
    assert after(text, "ENV012") == text.replace("CUDA_HOME=", "export CUDA_HOME=")
    lines = after(text, "ENV003").split("\n")
    assert lines[:2] == [f"export LD_LIBRARY_PATH={LIB}:$LD_LIBRARY_PATH", "CUDA_HOME=/usr/local/cuda-10.1"]


def test_a_file_of_the_system_is_shown_and_done_only_by_name() -> None:
    text = f"export LD_LIBRARY_PATH={TYPO}\n"
    found = plan(text, file="/etc/profile.d/cuda.sh")
    step = found.steps[0]
    assert isinstance(step.action, WriteFile)
    assert (step.action.path, step.needs_root, step.safety, step.by_name) == (
        "/etc/profile.d/cuda.sh",
        True,
        "system",
        True,
    )
    assert not plan(text, "ENV003", file="/etc/profile.d/cuda.sh").steps[0].by_name
    without = plan(text, file="/etc/profile.d/cuda.sh", groups=("ada",))
    assert writes(without) == []
    assert isinstance(without.steps[0].action, Tell)
    assert "administrator" in without.steps[0].action.text
    assert LIB in without.steps[0].action.text


def test_the_environment_file_has_no_shell() -> None:
    text = f'PATH="/usr/bin:/bin"\nLD_LIBRARY_PATH="{TYPO}:{LIB}/stubs"\n'
    found = after(text, file="/etc/environment")
    assert found == f'PATH="/usr/bin:/bin"\nLD_LIBRARY_PATH="{LIB}"\n'


@pytest.mark.parametrize(
    ("value", "count", "wanted"),
    [("0,7", 1, "0"), ("7", 1, None), ("-1", 1, None), ('""', 1, None)],
)
def test_visible_devices(value: str, count: int, wanted: str | None) -> None:
    text = f"a=1\nexport CUDA_VISIBLE_DEVICES={value}\n"
    one = machine(text)
    found = api_plan.plan_fix(build(replace(one, variables={"CUDA_VISIBLE_DEVICES": value.strip('"')})))
    assert written(found).text == ("a=1\n" if wanted is None else f"a=1\nexport CUDA_VISIBLE_DEVICES={wanted}\n")
    assert any("unset CUDA_VISIBLE_DEVICES" in one.action.text for one in found.steps if isinstance(one.action, Tell))


def test_a_line_that_sets_another_value_is_not_what_hides_them() -> None:
    text = "export CUDA_VISIBLE_DEVICES=0\n"
    found = api_plan.plan_fix(build(replace(machine(text), variables={"CUDA_VISIBLE_DEVICES": "7"})))
    assert writes(found) == []
    assert any("unset CUDA_VISIBLE_DEVICES" in one.action.text for one in found.steps if isinstance(one.action, Tell))


def test_a_debugging_variable_that_stops_kernels_goes() -> None:
    text = "export CUDA_FORCE_PTX_JIT=1\nexport CUDA_LAUNCH_BLOCKING=1\n"
    found = api_plan.plan_fix(build(replace(machine(text), variables={"CUDA_FORCE_PTX_JIT": "1"})))
    assert written(found).text == "export CUDA_LAUNCH_BLOCKING=1\n"


def test_a_root_users_own_file_is_their_own() -> None:
    step = plan(f"export LD_LIBRARY_PATH={TYPO}\n", uid=0, user="root").steps[0]
    assert isinstance(step.action, WriteFile)
    assert (step.action.path, step.needs_root) == ("/root/.bashrc", False)


def test_a_line_under_a_condition_is_told() -> None:
    text = "if [ -n $SSH_TTY ]; then\n  a=1\n  export CUDA_VISIBLE_DEVICES=7\nfi\n"
    found = api_plan.plan_fix(build(replace(machine(text), variables={"CUDA_VISIBLE_DEVICES": "7"})))
    assert writes(found) == []
    told = [step.action.text for step in found.steps if isinstance(step.action, Tell)]
    assert any(f"{FILE} line 3: take the line that sets CUDA_VISIBLE_DEVICES out" in one for one in told)


def test_each_directory_once() -> None:
    assert after(f"export LD_LIBRARY_PATH={LIB}:/opt/x:{LIB}\n", "ENV004") == f'export LD_LIBRARY_PATH="{LIB}:/opt/x"\n'


def test_the_executor_writes_it_and_gives_it_back(tmp_path: Path) -> None:
    """The step as it is, only that the home is another one."""
    before = b"# caf\xe9\r\nexport LD_LIBRARY_PATH=" + TYPO.encode() + b":$LD_LIBRARY_PATH"
    base = machine("")
    found = written(api_plan.plan_fix(build(replace(base, rc={}, files={**base.files, FILE: before}))))
    home = tmp_path / "home"
    home.mkdir()
    rc = home / ".bashrc"
    rc.write_bytes(before)
    rc.chmod(0o640)
    journal = Journal(str(tmp_path / "state"))
    writer = Writer(uid=os.geteuid(), home=str(home))
    change.perform([structs.replace(found, path=str(rc))], writer, journal, "fix --apply")
    assert rc.read_bytes() == change.content(found) != before
    assert rc.stat().st_mode & 0o777 == 0o640
    assert change.undo(journal, writer, lambda data: data) is not None
    assert rc.read_bytes() == before
    rc.write_bytes(b"# edited since\n")
    with pytest.raises(Refused, match="changed"):
        change.perform([structs.replace(found, path=str(rc))], writer, journal, "fix --apply")


def line(number: int, text: str, **effect: object) -> RcLine:
    return RcLine(
        file=FILE,
        line=number,
        text=" ".join(text.split()),
        variable="LD_LIBRARY_PATH",
        value="",
        exported=True,
        effect=RcEffect(**effect),  # type: ignore[arg-type]
    )


PLAIN = st.text(st.characters(blacklist_characters="\n\r"), max_size=30)


@settings(max_examples=60, deadline=None)
@given(above=st.lists(PLAIN, max_size=4), below=st.lists(PLAIN, max_size=4), ends=st.sampled_from(["\n", ""]))
def test_no_other_line_is_touched(above: list[str], below: list[str], ends: str) -> None:
    text = f"export LD_LIBRARY_PATH={TYPO}:$LD_LIBRARY_PATH"
    rows = [*above, text, *below]
    data = ("\n".join(rows) + ends).encode("utf-8", "surrogatepass")
    element = RcElement(text=TYPO, exists=False, suggestion=LIB)
    wish = LineEdit(line=line(len(above) + 1, text, adds=(element,), keeps=True), swaps=((TYPO, LIB),), guard=True)
    found = edit(FILE, data, [wish])
    new = found.data.split(b"\n")
    old = data.split(b"\n")
    place = len(above)
    assert new[:place] == old[:place]
    assert new[place + 1 :] == old[place + 1 :]
    assert found.done or new == old


WILD = st.text(st.sampled_from(list("/ab.$`'\"\\;&|()<>{}#!*?[]~=: \t-+%@éLD_")), max_size=40)


@settings(max_examples=300, deadline=None)
@given(value=WILD, guard=st.booleans())
def test_no_line_gets_a_command_that_it_had_not(value: str, guard: bool) -> None:
    """Whatever stands behind the `=`: a line is left, or only its entries stand there between double quotes."""
    text = f"export LD_LIBRARY_PATH={value}"
    parts = [one for one in value.split(":") if one]
    elements = tuple(RcElement(text=one, exists=True) for one in parts if "LD_LIBRARY_PATH" not in one)
    wish = LineEdit(line=line(1, text, adds=elements, keeps=False), no_empty=True, guard=guard)
    found = edit(FILE, text.encode(), [wish])
    if found.done and found.changes:
        new = found.data.decode()
        assert "`" not in new.replace("\\`", "")
        assert "$(" not in new.replace("\\$(", "")
        assert new.count("\n") == 0


def test_a_file_that_changed_since_is_left() -> None:
    element = RcElement(text=TYPO, exists=False, suggestion=LIB)
    wish = LineEdit(line=line(1, f"export LD_LIBRARY_PATH={TYPO}", adds=(element,)), swaps=((TYPO, LIB),))
    found = edit(FILE, b"export LD_LIBRARY_PATH=/other\n", [wish])
    assert (found.done, found.data) == ((), b"export LD_LIBRARY_PATH=/other\n")
    assert edit(FILE, b"", [wish]).done == ()
    gone = LineEdit(line=line(1, "export LD_LIBRARY_PATH=/a"), remove=True)
    assert edit(FILE, b"export LD_LIBRARY_PATH=/b\n", [gone]).data == b"export LD_LIBRARY_PATH=/b\n"
    assert edit(FILE, b"export LD_LIBRARY_PATH=/a\n", [gone]).data == b""


ROUND = {
    "blog": (
        "/bin/bash",
        "~/.bashrc",
        "\n".join(
            (
                "export PATH=/usr/local/cuda-10.1/bin:$PATH",
                f'export LD_LIBRARY_PATH={TYPO}:"$LD_LIBRARY_PATH:{TYPO}"',
                "CUDA_HOME=/usr/local/cuda-10.1",
                "",
            )
        ),
    ),
    "empty": ("/bin/bash", "~/.bashrc", f"export LD_LIBRARY_PATH={LIB}:$LD_LIBRARY_PATH\n"),
    "stubs": ("/bin/zsh", "~/.zshrc", f"export LD_LIBRARY_PATH={LIB}:{LIB}/stubs:$LD_LIBRARY_PATH\n"),
    "fish": ("/usr/bin/fish", "~/.config/fish/config.fish", f"set -gx LD_LIBRARY_PATH {TYPO} $LD_LIBRARY_PATH\n"),
    "tcsh": ("/bin/tcsh", "~/.tcshrc", f"setenv LD_LIBRARY_PATH {TYPO}:{LIB}/stubs:${{LD_LIBRARY_PATH}}\n"),
    "twice": ("/bin/bash", "~/.bashrc", f"export LD_LIBRARY_PATH={LIB}:{LIB}:$LD_LIBRARY_PATH\n"),
    "system": ("/bin/bash", "/etc/profile.d/cuda.sh", f"export LD_LIBRARY_PATH={TYPO}:$LD_LIBRARY_PATH\n"),
}


@pytest.mark.parametrize("name", ROUND)
def test_after_the_change_the_check_finds_nothing_there_any_more(name: str) -> None:
    shell, file, text = ROUND[name]
    found = plan(text, shell=shell, file=file)
    assert list(problems(found)) == []
    cured = {one for one in found.purpose.findings if "@file:" in one}
    assert cured
    new = written(found).text
    report = api.examine_host(build(machine(new, shell=shell, file=file)), api.Request())
    assert [one.id for one in report.findings if one.code.startswith(("ENV", "SH", "LD"))] == [], new
    again = plan(new, shell=shell, file=file)
    assert again.steps == ()


def test_what_is_corrected_along_with_it_is_named() -> None:
    one = plan(f"export LD_LIBRARY_PATH={TYPO}\n")
    assert one.steps[0].why.startswith("line 1 of /home/ada/.bashrc is written anew")
    two = plan(f"export LD_LIBRARY_PATH={TYPO}:$LD_LIBRARY_PATH\n")
    names = two.steps[0].why.partition(": ")[0].split(", ")
    assert {"ld-path-empty-element", "ld-path-entry-missing"} <= set(names), two.steps[0].why
