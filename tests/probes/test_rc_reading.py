"""Which files a shell reads, and what their lines do: real files in a home of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from cudadoctor.facts.shell import RcLine, ShellFacts
from cudadoctor.host.local import LocalHost
from cudadoctor.probes import rc_reading, shell
from cudadoctor.probes.base import Clock, Request

H = "/home/u"
FILES = (
    f"{H}/.bashrc",
    f"{H}/.bash_login",
    f"{H}/.profile",
    f"{H}/.zshenv",
    f"{H}/.zshrc",
    f"{H}/.cshrc",
    f"{H}/.tcshrc",
    f"{H}/.config/fish/conf.d/a.fish",
    f"{H}/.config/fish/config.fish",
    "/etc/profile",
    "/etc/profile.d/cuda.sh",
    "/etc/profile.d/cuda.csh",
    "/etc/bash.bashrc",
    "/etc/environment",
)


@pytest.mark.parametrize(
    ("name", "read"),
    [
        (
            "bash",
            [
                "/etc/environment",
                "/etc/profile",
                "/etc/profile.d/cuda.sh",
                ".bash_login",
                "/etc/bash.bashrc",
                ".bashrc",
            ],
        ),
        ("zsh", ["/etc/environment", ".zshenv", ".zshrc"]),
        ("fish", ["/etc/environment", ".config/fish/conf.d/a.fish", ".config/fish/config.fish"]),
        ("tcsh", ["/etc/environment", "/etc/profile.d/cuda.csh", ".tcshrc"]),
        ("dash", ["/etc/environment", "/etc/profile", "/etc/profile.d/cuda.sh", ".profile"]),
    ],
)
def test_order(name: str, read: list[str]) -> None:
    expected = [path if path.startswith("/") else f"{H}/{path}" for path in read]
    assert rc_reading.reading_order(name, H, None, FILES) == expected


def test_order_that_is_not_known() -> None:
    assert rc_reading.reading_order("nu", H, None, FILES) is None
    assert rc_reading.reading_order(None, H, None, FILES) is None


def look(home: Path, name: str = "bash") -> ShellFacts:
    env = {"HOME": str(home), "SHELL": f"/bin/{name}", "PATH": "/usr/bin:/bin"}
    found = shell.probe(LocalHost(env), Request(), Clock(60)).value
    assert found is not None
    return found


def own(facts: ShellFacts, home: Path) -> list[RcLine]:
    return [line for line in facts.rc_lines if line.file.startswith(str(home))]


def test_lines_are_followed_in_order(tmp_path: Path) -> None:
    cuda = tmp_path / "cuda-12.4"
    (cuda / "lib64").mkdir(parents=True)
    (tmp_path / ".bashrc").write_text(
        f"export CUDA_HOME={cuda}\n"
        "export LD_LIBRARY_PATH=$CUDA_HOME/lib64:$LD_LIBRARY_PATH\n"
        "export LD_LIBRARY_PATH=$LD_LIBRARY_PATH:$CUDA_HOME/nowhere\n"
        "if true; then\n  PATH=$CUDA_HOME/bin:$PATH\nfi\n"
        "PATH=$(cuda_dir)/bin:$PATH\n"
    )
    _, first, second, guarded, unknown = own(look(tmp_path), tmp_path)
    assert first.effect
    assert first.effect.leaves_empty
    assert [(one.text, one.exists) for one in first.effect.adds] == [(f"{cuda}/lib64", True)]
    assert second.effect
    assert [(one.text, one.exists) for one in second.effect.adds] == [(f"{cuda}/nowhere", False)]
    assert guarded.conditional
    assert not first.conditional
    assert unknown.effect
    assert unknown.effect.unknown == ("$(cuda_dir)",)


def test_files_that_are_read_from_others(tmp_path: Path) -> None:
    (tmp_path / ".zshrc").write_text("source ~/.common\n. $HOME/.loop\n")
    (tmp_path / ".common").write_text("export CUDA_HOME=/x\n")
    (tmp_path / ".loop").write_text(". ~/.loop\n. ~/.zshrc\n")
    (tmp_path / ".bashrc").write_text("export CUDA_HOME=/y\n")
    facts = look(tmp_path, "zsh")
    assert facts.read_files is not None
    mine = [path for path in facts.read_files if path.startswith(str(tmp_path))]
    assert mine == [f"{tmp_path}/{name}" for name in (".common", ".loop", ".zshrc")]
    assert {line.file for line in own(facts, tmp_path)} == {f"{tmp_path}/.common", f"{tmp_path}/.bashrc"}


def test_our_own_block_is_under_a_condition(tmp_path: Path) -> None:
    from cudadoctor.shells import api

    for name, file in (("bash", ".bashrc"), ("tcsh", ".tcshrc"), ("fish", ".config/fish/conf.d/cudadoctor.fish")):
        path = tmp_path / name / file
        path.parent.mkdir(parents=True)
        path.write_text("\n".join(api.set_up_lines(name, "/usr/local/cuda")))
        lines = own(look(tmp_path / name, name), tmp_path)
        assert lines
        assert all(line.conditional and line.exported for line in lines)
