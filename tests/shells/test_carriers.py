"""The other carriers, each run by the program that takes it where that is here, else read back by its rules."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from cudadoctor.shells import carriers
from cudadoctor.shells.carriers import Carrier
from cudadoctor.shells.paths import wanted
from tests.shells.test_dialects import ODD, toolkit

GENERATOR = "/usr/lib/systemd/user-environment-generators/30-systemd-environment-d-generator"


def written(carrier: Carrier, root: Path | str, shell: str = "bash", *, library: bool = True) -> str:
    want = wanted(str(root), ld_library_path=library)
    return carriers.text(carrier, shell, want, {"PATH": "/usr/bin:/bin"})  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ODD)
def test_github_writes_what_the_runner_reads(tmp_path: Path, name: str) -> None:
    root = toolkit(tmp_path, name)
    env_file, path_file = tmp_path / "env", tmp_path / "path"
    for before, library in ((None, f"{root}/lib64"), (":/a:", f"{root}/lib64:/a")):
        env = {"PATH": "/usr/bin:/bin", "GITHUB_ENV": str(env_file), "GITHUB_PATH": str(path_file)}
        env |= {} if before is None else {"LD_LIBRARY_PATH": before}
        env_file.write_text("KEPT=1\n")
        path_file.write_text("")
        subprocess.run(["bash", "-e", "-c", written("github", root)], env=env, check=True, timeout=30)
        assert env_file.read_text() == f"KEPT=1\nCUDA_HOME={root}\nLD_LIBRARY_PATH={library}\n"
        assert path_file.read_text() == f"{root}/bin\n"
    assert "LD_LIBRARY_PATH" not in written("github", root, library=False)


def test_gitlab_runs_as_a_before_script(tmp_path: Path) -> None:
    root = toolkit(tmp_path, "it's $x")
    head, item, *lines = written("gitlab", root).splitlines()
    assert (head, item) == ("before_script:", "  - |")
    assert all(line.startswith("    ") for line in lines)  # one literal block of YAML
    script = "\n".join(line[4:] for line in lines) + '\nprintf %s "$PATH"'
    done = subprocess.run(
        ["sh", "-e", "-c", script], env={"PATH": "/usr/bin:/bin"}, capture_output=True, check=True, timeout=30
    )
    assert done.stdout.decode() == f"{root}/bin:/usr/bin:/bin"


def dockerfile_word(text: str) -> str:
    """What Docker makes of a value in double quotes, `${…}` left alone: BuildKit's shell lexer."""
    assert text[0] == text[-1] == '"'
    return re.sub(r"\\([\\\"$])", r"\1", text[1:-1])


@pytest.mark.parametrize("name", ODD)
def test_dockerfile(name: str) -> None:
    lines = written("docker", f"/opt/{name}").splitlines()
    values = [line.removeprefix("ENV ").partition("=")[::2] for line in lines]
    assert [(key, dockerfile_word(value)) for key, value in values] == [
        ("CUDA_HOME", f"/opt/{name}"),
        ("PATH", f"/opt/{name}/bin${{PATH:+:$PATH}}"),
        ("LD_LIBRARY_PATH", f"/opt/{name}/lib64${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}}"),
    ]
    for _, value in values:  # no `$` and no quote of the path's own is left to expand
        own = value.removesuffix('"').rpartition("${")[0] if "${" in value else value[:-1]
        assert re.search(r'(?<!\\)(?:\\\\)*[$"]', own[1:]) is None


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("before", [None, "/old"])
def test_systemd_reads_its_file(tmp_path: Path, name: str, before: str | None) -> None:
    if not os.access(GENERATOR, os.X_OK):
        pytest.skip("systemd's generator of the user environment is not here")
    folder = tmp_path / "config" / "environment.d"
    folder.mkdir(parents=True)
    (folder / "60-cudadoctor.conf").write_text(written("systemd", f"/opt/{name}"), encoding="utf-8")
    env = {"XDG_CONFIG_HOME": str(tmp_path / "config"), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    env |= {} if before is None else {"LD_LIBRARY_PATH": before}
    done = subprocess.run([GENERATOR], env=env, capture_output=True, check=True, timeout=30)
    # It prints assignments quoted for a shell.
    script = done.stdout.decode() + '\nprintf "%s\\n" "$CUDA_HOME" "$PATH" "$LD_LIBRARY_PATH"\n'
    got = subprocess.run(
        ["bash", "-c", script], env={"PATH": "/usr/bin:/bin"}, capture_output=True, check=True, timeout=30
    )
    tail = "" if before is None else f":{before}"
    assert got.stdout.decode().splitlines() == [
        f"/opt/{name}",
        f"/opt/{name}/bin:/usr/bin:/bin",
        f"/opt/{name}/lib64{tail}",
    ]


LUA = """
function whatis(t) io.write("whatis\\0", t, "\\0") end
function conflict(t) io.write("conflict\\0", t, "\\0") end
function isDir(t) io.write("isDir\\0", t, "\\0") return true end
function setenv(n, v) io.write(n, "\\0", v, "\\0") end
function prepend_path(n, v) io.write(n, "\\0", v, "\\0") end
"""


@pytest.mark.parametrize("name", ODD)
def test_lmod(name: str) -> None:
    text = written("lmod", f"/opt/{name}")
    lua = next((found for found in map(shutil.which, ("lua", "lua5.4", "lua5.3", "lua5.1", "luajit")) if found), None)
    if lua is not None:
        done = subprocess.run([lua, "-"], input=(LUA + text).encode(), capture_output=True, check=True, timeout=30)
        words = done.stdout.decode().split("\0")
        assert words[-7:-1] == ["CUDA_HOME", f"/opt/{name}", "PATH", f"/opt/{name}/bin", "LD_LIBRARY_PATH", words[-2]]
    literals = re.findall(r'"((?:[^"\\]|\\.)*)"', text)
    plain = [re.sub(r"\\(.)", r"\1", literal) for literal in literals]
    assert plain[-6:] == [
        "CUDA_HOME",
        f"/opt/{name}",
        "PATH",
        f"/opt/{name}/bin",
        "LD_LIBRARY_PATH",
        f"/opt/{name}/lib64",
    ]


def test_lmod_names_the_version() -> None:
    assert written("lmod", "/usr/local/cuda-12.4").startswith("-- modulefiles/cuda/12.4.lua\n")


CONDA_STEPS = {
    "bash": '. "$E/activate.d/cudadoctor.sh"\n env -0\n . "$E/deactivate.d/cudadoctor.sh"\n env -0\n',
    "dash": '. "$E/activate.d/cudadoctor.sh"\n env -0\n . "$E/deactivate.d/cudadoctor.sh"\n env -0\n',
    "zsh": '. "$E/activate.d/cudadoctor.sh"\n env -0\n . "$E/deactivate.d/cudadoctor.sh"\n env -0\n',
    "fish": "source $E/activate.d/cudadoctor.fish\nenv -0\nsource $E/deactivate.d/cudadoctor.fish\nenv -0\n",
    "tcsh": 'source "$E/activate.d/cudadoctor.csh"\nenv -0\nsource "$E/deactivate.d/cudadoctor.csh"\nenv -0\n',
}


@pytest.mark.parametrize("program", list(CONDA_STEPS))
@pytest.mark.parametrize("name", ["cuda-13.0", "it's [a]* $x\\", "gone"])
@pytest.mark.parametrize("preset", [{}, {"CUDA_HOME": "/old", "LD_LIBRARY_PATH": ""}, {"LD_LIBRARY_PATH": ":/a"}])
def test_conda_takes_back_what_it_set(tmp_path: Path, program: str, name: str, preset: dict[str, str]) -> None:
    executable = shutil.which(program)
    if executable is None:
        pytest.skip(f"{program} is not installed")
    prefix = tmp_path / "envs" / "ml"
    root = tmp_path / "gone" if name == "gone" else toolkit(tmp_path, name)
    install = written("conda", root, "sh" if program == "dash" else program)
    subprocess.run(["sh", "-e"], input=install.encode(), env={**os.environ, "CONDA_PREFIX": str(prefix)}, check=True)
    conda_path = f"{prefix}/bin:/usr/bin:/bin"
    for path in (conda_path, f"{conda_path}:{root}/bin"):  # the user's own entry stays when the environment is left
        env = {"PATH": path, "CONDA_PREFIX": str(prefix), "E": f"{prefix}/etc/conda", "HOME": str(tmp_path), **preset}
        options = {"fish": ["--no-config"], "tcsh": ["-f"], "zsh": ["-f"]}.get(program, [])
        done = subprocess.run(
            [executable, *options, "-c", CONDA_STEPS[program]], env=env, capture_output=True, check=True, timeout=30
        )
        assert done.stderr == b""
        words = [entry.partition("=")[::2] for entry in done.stdout.decode().split("\0") if "=" in entry]
        names = ("CUDA_HOME", "LD_LIBRARY_PATH", "PATH")
        both = [[value for key, value in words if key == one] for one in names]
        had = preset.get("LD_LIBRARY_PATH")
        after = [[] if preset.get(one) is None else [preset[one]] for one in names[:2]]
        if name == "gone":
            assert both == [after[0] * 2, after[1] * 2, [path, path]]
            continue
        active = path if path != conda_path else f"{prefix}/bin:{root}/bin:/usr/bin:/bin"
        library = f"{root}/lib64" + (had.replace(":", ":", 1) if had else "")
        assert both == [[str(root), *after[0]], [library, *after[1]], [active, path]]
    assert not {key for key, _ in words[len(words) // 2 + 6 :]} & {"_CUDADOCTOR_ADDED_PATH"}


def test_env0_gives_values(tmp_path: Path) -> None:
    root = toolkit(tmp_path, "it's $x")
    text = written("env0", root)
    done = subprocess.run(
        ["xargs", "-0", "sh", "-c", 'exec env -i "$@" /usr/bin/env -0', "sh"],
        input=text.encode(), capture_output=True, check=True, timeout=30,
    )  # fmt: skip
    assert done.stdout.decode().split("\0") == text.split("\0")
    assert f"PATH={root}/bin:/usr/bin:/bin" in text.split("\0")
