"""The shell script of a plan, run for real in every shell that is here, with harmless programs."""

from __future__ import annotations

import os
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path

import pytest
from msgspec.structs import replace

from cudadoctor.errors import CudaDoctorError
from cudadoctor.remedies.plan import Exists, Fetch, For, Plan, PlanStep, Prints, Run, Tell, WriteFile
from cudadoctor.render.plan import shell_script as plan_sh
from tests.plan.plans import ALL, FIX, IMPOSSIBLE, REFERENCE, VENV

SHELLS = {"dash": ["dash"], "bash": ["bash"], "busybox": ["busybox", "sh"], "ksh": ["ksh"], "mksh": ["mksh"]}
HERE = {name: argv for name, argv in SHELLS.items() if shutil.which(argv[0])}
ODD = "caf\u00e9 \\n % $(touch oops) `id` 'q' \"d\"\t\x1b[31m\udcff\n-n\n\nlast"
INSTALLER = """#!/bin/sh
prefix=$1
[ ! -e "${prefix}" ] || { echo "there is something at ${prefix}" >&2; exit 3; }
mkdir -p "${prefix}/bin"
printf '#!/bin/sh\\necho 7\\n' >"${prefix}/bin/tool"
chmod 755 "${prefix}/bin/tool"
if [ -e "${HOME}/break" ]; then
  rm "${HOME}/break"
  kill -9 "${PPID}"
  exit 9
fi
echo whole >"${prefix}/whole"
"""


class World:
    """A home, programs that stand in for sudo and the like, and a plan for it."""

    def __init__(self, base: Path) -> None:
        self.home = base / "home"
        self.programs = base / "programs"
        for folder in (self.home, self.programs):
            folder.mkdir()
        self.program("sudo", '[ "$1" = -- ] && shift\necho "$1" >>"${HOME}/root"\nexec "$@"\n')
        self.program("id", "echo 1000\n")
        self.program("settle", 'echo "$*" >>"${HOME}/settled"\n')
        self.installer = base / "installer.sh"
        self.installer.write_text(INSTALLER)
        (self.home / ".bashrc").write_text("# mine\n")
        (self.home / ".bashrc").chmod(0o640)
        self.env = {"HOME": str(self.home), "PATH": f"{self.programs}:/usr/bin:/bin"}

    def program(self, name: str, text: str) -> None:
        path = self.programs / name
        path.write_text(f"#!/bin/sh\n{text}")
        path.chmod(0o755)

    def plan(self) -> Plan:
        home = str(self.home)
        bashrc = (self.home / ".bashrc").read_bytes()
        return Plan(
            purpose=For(command="install"),
            title="a tool",
            home=home,
            uid=1000,
            steps=(
                PlanStep(
                    id="fetch", title="Fetch", why="it is needed",
                    action=Fetch(
                        url=self.installer.as_uri(), path=f"{home}/.cache/x/installer.sh", why="",
                        digest=sha256(self.installer.read_bytes()).hexdigest(),
                    ),
                ),
                PlanStep(
                    id="install", title="Install", why="it is wanted", needs=("fetch",),
                    action=Run(argv=("sh", f"{home}/.cache/x/installer.sh", f"{home}/tool"), why="", safety="safe"),
                    makes=(f"{home}/tool",), done_when=Prints(argv=(f"{home}/tool/bin/tool",), text=" 7\n"),
                ),
                PlanStep(
                    id="list", title="Write a list", why="by root", needs=("install",),
                    action=WriteFile(path=f"{home}/etc/apt/x.list", text=ODD, why="", needs_root=True, safety="system"),
                ),
                PlanStep(
                    id="rc", title="Write the rc file", why="for the shell",
                    action=WriteFile(
                        path=f"{home}/.bashrc", text="# mine\nexport A=1\n", why="", before=sha256(bashrc).hexdigest()
                    ),
                ),
                PlanStep(
                    id="settle", title="Settle", why="it writes on the side", touches=(f"{home}/settled",),
                    action=Run(argv=("settle", "a b", "*"), why="", safety="safe"),
                    done_when=Exists(path=f"{home}/settled"),
                ),
                PlanStep(id="tell", title="Look", why="by eye", action=Tell(text="Look at it.")),
                PlanStep(
                    id="test", title="Test", why="always", needs=("install",),
                    action=Run(argv=(f"{home}/tool/bin/tool",), why="", safety="safe"),
                ),
            ),
        )  # fmt: skip

    def script(self, plan: Plan) -> str:
        path = self.home.parent / "plan.sh"
        path.write_text(plan_sh.render(plan), encoding="ascii")
        return str(path)

    def run(self, shell: str, script: str, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*HERE[shell], script], env={**self.env, **env}, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=60, check=False, cwd=self.home,
        )  # fmt: skip

    def files(self) -> dict[str, bytes]:
        """All but the script's own state and what the stand-ins note."""
        return {
            path.relative_to(self.home).as_posix(): path.read_bytes()
            for path in sorted(self.home.rglob("*"))
            if path.is_file() and ".local" not in path.parts and path.name != "root"
        }


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_the_shells_are_here() -> None:
    missing = sorted(set(SHELLS) - set(HERE))
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")


@pytest.mark.parametrize("shell", HERE)
def test_once_does_all_and_twice_does_nothing(world: World, shell: str) -> None:
    script = world.script(world.plan())
    first = world.run(shell, script)
    assert first.returncode == 0, first.stdout + first.stderr
    files = world.files()
    assert files["etc/apt/x.list"] == ODD.encode("utf-8", "surrogateescape")
    assert files[".bashrc"] == b"# mine\nexport A=1\n"
    assert files["settled"] == b"a b *\n"
    assert files["tool/whole"] == b"whole\n"
    assert files[".cache/x/installer.sh"] == INSTALLER.encode()
    assert len(files) == 6, "nothing else is left: no part of a file, nothing that a text ran"
    assert (world.home / ".bashrc").stat().st_mode & 0o777 == 0o640
    assert "Look at it." in first.stdout
    assert "Done: 5 of 7" in first.stdout
    assert set((world.home / "root").read_text().split()) <= {"test", "mkdir", "rm", "tee", "cmp", "mv", "cp"}
    kept = next((world.home / ".local/state/cudadoctor").glob("script-*/before.4"))
    assert kept.read_bytes() == b"# mine\n"
    (world.home / "root").unlink()
    second = world.run(shell, script)
    assert second.returncode == 0, second.stderr
    assert "Nothing to do" in second.stdout
    assert world.files() == files
    assert not (world.home / "root").exists(), "nothing is done as root where all is done already"


@pytest.mark.parametrize("shell", HERE)
def test_killed_in_the_middle_and_run_again_ends_the_same(world: World, shell: str, tmp_path: Path) -> None:
    script = world.script(world.plan())
    (world.home / "break").touch()
    broken = world.run(shell, script)
    assert broken.returncode != 0
    assert (world.home / "tool/bin/tool").exists(), "what it is known by is there"
    assert not (world.home / "tool/whole").exists(), "and not the rest"
    again = world.run(shell, script)
    assert again.returncode == 0, again.stdout + again.stderr
    (tmp_path / "other").mkdir()
    other = World(tmp_path / "other")
    other.run(shell, other.script(other.plan()))
    assert world.files() == other.files()


@pytest.mark.parametrize("shell", HERE)
@pytest.mark.parametrize("how", ["directory", "link"])
def test_what_was_there_before_is_never_removed(world: World, shell: str, how: str) -> None:
    """Nor is a program started that would: `conda create -y -p` replaces an environment that is there."""
    place = world.home / "tool"
    if how == "link":
        place.symlink_to("elsewhere")
    (world.home / "elsewhere" if how == "link" else place).mkdir()
    (place / "mine").write_text("precious")
    whole = world.plan()
    wipes = replace(whole.steps[1], action=Run(argv=("rm", "-rf", str(place)), why="", safety="safe"))
    script = world.script(replace(whole, steps=(whole.steps[0], wipes, *whole.steps[2:])))
    for _ in range(2):
        done = world.run(shell, script)
        assert done.returncode == 1
        assert "tool is there already and is not what this step makes" in done.stderr
        assert (place / "mine").read_text() == "precious"


def test_an_empty_directory_is_no_hindrance(world: World) -> None:
    (world.home / "tool").mkdir()
    whole = world.plan()
    fills = replace(whole.steps[1], action=Run(argv=("cp", "/bin/true", f"{world.home}/tool/"), why="", safety="safe"),
                    done_when=Exists(path=f"{world.home}/tool/true"))  # fmt: skip
    done = world.run(first_shell(), world.script(replace(whole, steps=(whole.steps[0], fills))))
    assert done.returncode == 0, done.stderr


def first_shell() -> str:
    return next(iter(HERE))


def test_what_did_not_come_to_be_is_said(world: World) -> None:
    """And what was half made goes before the second try; a later step's condition is the later one's business."""
    path = f"{world.home}/half"
    step = replace(
        world.plan().steps[4], action=Run(argv=("mkdir", path), why="", safety="safe"), makes=(path,),
        done_when=Exists(path=f"{path}/whole"), touches=(),
    )  # fmt: skip
    script = world.script(replace(world.plan(), steps=(step,)))
    for _ in range(2):
        done = world.run(first_shell(), script)
        assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
        assert "had no effect" in done.stderr
    (world.home / "half").rmdir()
    makes = replace(
        step, id="whole", needs=("settle",), action=Run(argv=("touch", f"{path}/whole"), why="", safety="safe")
    )
    assert world.run(first_shell(), world.script(replace(world.plan(), steps=(step, makes)))).returncode == 0


def test_a_wrong_hash_leaves_nothing(world: World) -> None:
    plan = world.plan()
    world.installer.write_text("echo another\n")
    done = world.run(first_shell(), world.script(plan))
    assert done.returncode == 1
    assert "another sha256 than was published, and was deleted" in done.stderr
    assert done.stderr.count("\n") == 1
    assert list((world.home / ".cache/x").iterdir()) == []


def test_a_file_that_was_changed_meanwhile_is_left_alone(world: World) -> None:
    script = world.script(world.plan())
    (world.home / ".bashrc").write_text("# mine, and newer\n")
    done = world.run(first_shell(), script)
    assert done.returncode == 1
    assert f"{world.home}/.bashrc was changed since this script was made" in done.stderr
    assert (world.home / ".bashrc").read_text() == "# mine, and newer\n"


def test_a_written_file_that_others_added_to_stays(world: World) -> None:
    script = world.script(world.plan())
    assert world.run(first_shell(), script).returncode == 0
    with (world.home / ".bashrc").open("a") as file:
        file.write("# added by somebody else\n")
    again = world.run(first_shell(), script)
    assert "Nothing to do" in again.stdout
    assert "somebody else" in (world.home / ".bashrc").read_text()


def test_a_link_stays_a_link(world: World) -> None:
    real = world.home / "dotfiles"
    (world.home / ".bashrc").rename(real)
    (world.home / ".bashrc").symlink_to("dotfiles")
    assert world.run(first_shell(), world.script(world.plan())).returncode == 0
    assert (world.home / ".bashrc").is_symlink()
    assert real.read_text() == "# mine\nexport A=1\n"


def test_a_file_is_taken_away(world: World) -> None:
    path = world.home / ".bashrc"
    step = PlanStep(id="d", title="d", why="", action=WriteFile(path=str(path), text="", why="", delete=True))
    script = world.script(replace(world.plan(), steps=(step,)))
    assert world.run(first_shell(), script).returncode == 0
    assert not path.exists()
    assert "Nothing to do" in world.run(first_shell(), script).stdout


@pytest.mark.parametrize("reboot", [False, True])
def test_what_rests_on_a_person_waits_and_the_rest_is_done(world: World, reboot: bool) -> None:
    """10: told, and not yet done. A reboot shows in the kernel; anything else is taken as done when it is run again."""
    tell = PlanStep(id="by-you", title="You", why="", action=Tell(text="Do it."), reboot=reboot)
    plan = world.plan()
    after = replace(plan.steps[4], needs=("by-you",))
    last = replace(after, id="z", needs=(after.id,), done_when=None, action=replace(after.action, argv=("settle", "z")))
    script = world.script(replace(plan, steps=(tell, after, last, replace(plan.steps[3], needs=()))))
    first = world.run(first_shell(), script)
    assert first.returncode == 10
    assert "do it, then run this script again" in first.stderr
    assert not (world.home / "settled").exists()
    assert "export A=1" in (world.home / ".bashrc").read_text(), "what does not rest on it is done"
    if reboot:
        assert world.run(first_shell(), script).returncode == 10
        told = next((world.home / ".local/state/cudadoctor").glob("script-*/told.1"))
        told.write_text("the boot before\n")
    second = world.run(first_shell(), script)
    assert second.returncode == 0, second.stdout
    assert (world.home / "settled").read_text() == "a b *\nz\n"


def test_what_can_be_seen_is_not_taken_as_done(world: World) -> None:
    seen = Exists(path=f"{world.home}/seen")
    tell = PlanStep(id="by-you", title="You", why="", action=Tell(text="Do it."), done_when=seen)
    script = world.script(replace(world.plan(), steps=(tell, replace(world.plan().steps[4], needs=("by-you",)))))
    for _ in range(2):
        assert world.run(first_shell(), script).returncode == 10
    (world.home / "seen").touch()
    assert world.run(first_shell(), script).returncode == 0
    assert (world.home / "settled").exists()


@pytest.mark.parametrize("shell", HERE)
def test_what_counts_after_a_reboot_lets_others_wait(world: World, shell: str) -> None:
    plan = world.plan()
    driver = replace(plan.steps[4], id="driver", reboot=True)
    test = replace(driver, id="test", needs=("driver",), reboot=False, done_when=None,
                   action=Run(argv=("settle", "test"), why="", safety="safe"))  # fmt: skip
    script = world.script(replace(plan, steps=(driver, test)))
    for _ in range(2):
        done = world.run(shell, script)
        assert done.returncode == 10, done.stderr
        assert (world.home / "settled").read_text() == "a b *\n"
    next((world.home / ".local/state/cudadoctor").glob("script-*/boot.1")).write_text("the boot before\n")
    assert world.run(shell, script).returncode == 0
    assert (world.home / "settled").read_text() == "a b *\ntest\n"


def test_another_home_and_sudo_are_refused(world: World) -> None:
    script = world.script(world.plan())
    other = world.run(first_shell(), script, HOME="/nonexistent")
    assert (other.returncode, other.stderr.count("\n")) == (2, 1)
    assert "made for the home directory" in other.stderr
    world.program("id", "echo 0\n")
    rooted = world.run(first_shell(), script, SUDO_USER="me")
    assert (rooted.returncode, rooted.stderr.count("\n")) == (2, 1)
    assert "without sudo" in rooted.stderr


def test_a_program_cannot_read_the_script(world: World) -> None:
    """`sh < script`: what reads its input finds none."""
    step = PlanStep(id="cat", title="c", why="", action=Run(argv=("cat",), why="", safety="safe"))
    tail = replace(world.plan().steps[4], needs=())
    path = world.script(replace(world.plan(), steps=(step, tail)))
    with open(path, "rb") as script:
        done = subprocess.run([*HERE[first_shell()]], stdin=script, env=world.env, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (world.home / "settled").exists()


def test_the_smoke_test_needs_no_cudadoctor(world: World) -> None:
    python = world.home / "env/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\necho "$@" >"${HOME}/asked"\n')
    python.chmod(0o755)
    argv = ("cudadoctor", "smoke", "--env", str(world.home / "env"), "--device", "cpu")
    step = PlanStep(id="smoke", title="s", why="", action=Run(argv=argv, why="", safety="safe"))
    script = world.script(replace(world.plan(), steps=(step,)))
    assert world.run(first_shell(), script).returncode == 0
    asked = (world.home / "asked").read_text()
    assert asked.startswith("-c import sys, torch")
    assert asked.endswith(" cpu\n")
    (world.home / "asked").unlink()
    world.program("cudadoctor", 'echo "$@" >"${HOME}/asked"\n')
    assert world.run(first_shell(), script).returncode == 0
    assert (world.home / "asked").read_text() == f"smoke --env {world.home}/env --device cpu\n"


def test_downloads_go_over_https_and_go_on(world: World) -> None:
    """A stand-in for curl: what it is told, a server that cannot go on, and a download that breaks off."""
    world.program(
        "curl",
        'echo "$*" >>"${HOME}/asked"\n[ -e "${HOME}/code" ] && exit "$(cat "${HOME}/code")"\n'
        'while [ "$1" != -o ]; do\n  [ "$1" = -C ] && [ -e "${HOME}/no-ranges" ] && exit 33\n  shift\ndone\n'
        'echo data >"$2"\n',
    )
    path = world.home / "c" / "file"
    fetch = Fetch(
        url="https://example.org/a[1]?b=$x", path=str(path), digest=sha256(b"data\n").hexdigest(), why="", size_mib=1
    )
    plan = replace(world.plan(), steps=(PlanStep(id="f", title="f", why="", action=fetch),))
    script = world.script(plan)
    (world.home / "code").write_text("56")
    broken = world.run(first_shell(), script)
    assert (broken.returncode, broken.stderr.count("\n")) == (1, 1), broken.stderr
    assert "curl ended with 56" in broken.stderr
    (world.home / "code").unlink()
    (world.home / "no-ranges").touch()
    assert world.run(first_shell(), script).returncode == 0
    assert path.read_text() == "data\n"
    lines = (world.home / "asked").read_text().splitlines()
    assert len(lines) == 3
    assert all(
        "--proto =https --tlsv1.2" in line and line.endswith("--url https://example.org/a[1]?b=$x") for line in lines
    )
    part = f"{path}.cudadoctor-part"
    path.rename(part)
    assert world.run(first_shell(), script).returncode == 0
    assert len((world.home / "asked").read_text().splitlines()) == 3, "whole already: it is not asked for again"


@pytest.mark.parametrize("url", ["http://example.org/x", "ftp://example.org/x", "file://elsewhere/x", "-o/x"])
def test_other_addresses_are_refused(world: World, url: str) -> None:
    step = PlanStep(id="f", title="f", why="", action=Fetch(url=url, path="/tmp/x", digest=None, why=""))
    with pytest.raises(CudaDoctorError, match=r"example|elsewhere|-o"):
        plan_sh.render(replace(world.plan(), steps=(step,)))


def test_what_is_impossible_has_no_script() -> None:
    with pytest.raises(CudaDoctorError, match=r"CUDA 10\.1 has no code for the RTX 3090"):
        plan_sh.render(IMPOSSIBLE)


def test_unnamed_fixes_are_only_shown() -> None:
    script = plan_sh.render(FIX)
    assert "as_root modprobe" not in script
    assert "say '      sudo modprobe nvidia_uvm'" in script
    assert "as_root modprobe nvidia_uvm" in plan_sh.render(FIX, named=("uvm-module-not-loaded-1",))


@pytest.mark.parametrize("path", ["/", "/home", "/home/me", "/opt", "/home/me/../x", "//", "/home//"])
def test_directories_of_others_are_never_removed(path: str) -> None:
    plan = replace(VENV, steps=(replace(VENV.steps[0], makes=(path,)),))
    assert "rm -rf" not in plan_sh.render(plan)
    assert "fresh as_me" in plan_sh.render(VENV)


@pytest.mark.parametrize("name", ["reference", "venv", "fix"])
@pytest.mark.parametrize("shell", HERE)
def test_every_shell_reads_it(name: str, shell: str, tmp_path: Path) -> None:
    path = tmp_path / "script"
    path.write_text(plan_sh.render(ALL[name]), encoding="ascii")
    done = subprocess.run([*HERE[shell], "-n", str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["reference", "venv", "fix"])
def test_shellcheck_finds_nothing(name: str, tmp_path: Path, world: World) -> None:
    if shutil.which("shellcheck") is None:
        pytest.skip("shellcheck is not installed")
    path = tmp_path / "script"
    for plan in (ALL[name], world.plan()):
        path.write_text(plan_sh.render(plan), encoding="ascii")
        done = subprocess.run(["shellcheck", str(path)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


def test_the_reasons_stand_in_it() -> None:
    script = plan_sh.render(REFERENCE)
    assert "# Both builds are pinned: an unpinned line gives the CPU build today." in script
    assert "# Note: CUDA 10.1 knows no GPU newer than Turing" in script
    assert "as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y cuda-toolkit-10-1 </dev/null" in script
    assert os.linesep.join(script.splitlines()[-1:]) == "main"


def test_the_script_ends_with_how_to_enter_the_environment() -> None:
    from tests.plan.plans import VENV

    said = "  say 'To use it: source /home/me/torch/bin/activate'\n}\n"
    assert said in plan_sh.render(VENV)
    assert "To use it" not in plan_sh.render(FIX)
