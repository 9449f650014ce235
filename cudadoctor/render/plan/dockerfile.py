"""A plan as a Dockerfile, for the classic builder and BuildKit: no heredocs, no flags that only one of them knows.

Inside the build everything runs as root. What belongs to the host (the driver, a reboot) or to a shell that somebody
types into is left out, and the file says so.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator
from itertools import pairwise

import cudadoctor
from cudadoctor.errors import CudaDoctorError
from cudadoctor.remedies.plan import Fetch, PackageManager, Plan, PlanStep, Run, Tell, WriteFile
from cudadoctor.render.plan import roles as plan_parts
from cudadoctor.render.plan.shell_words import comment, plain, print_file, word, words

_PLAIN = re.compile(r"[A-Za-z0-9_./:+=@%&,~-]+\Z")
"""Words that mean themselves to the parser of Dockerfiles, in every instruction."""
_IMAGE = re.compile(r"[a-z0-9][a-z0-9._/:@-]*\Z")
_PRINTABLE = re.compile(r"[\x20-\x7e]*\Z")
_SYSTEM = ("/usr/bin/", "/usr/sbin/", "/bin/", "/sbin/")
_PYTHON = re.compile(r"/usr/bin/(python3(?:\.\d+)?)\Z")
_CUDA_HOME = re.compile(r"CUDA_HOME[ =]'([^']+)'")
_MANAGERS = ("conda", "mamba", "micromamba", "pixi")
_PROGRAMS: dict[PackageManager, tuple[str, ...]] = {
    "apt": ("apt-get", "dpkg", "apt-key"),
    "dnf": ("dnf", "yum", "rpm"),
    "yum": ("yum", "yum-config-manager", "rpm"),
    "zypper": ("zypper", "rpm"),
    "pacman": ("pacman",),
    "rpm-ostree": (),
}
"""What belongs to each package manager."""
_INSTALL: dict[PackageManager, str] = {
    "apt": "apt-get update && env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends",
    "dnf": "dnf install -y",
    "yum": "yum install -y",
    "zypper": "zypper --non-interactive install",
    "pacman": "pacman -Syu --noconfirm --needed",
}
_COMPILER: dict[PackageManager, tuple[str, ...]] = {
    "apt": ("g++",), "dnf": ("gcc-c++",), "yum": ("gcc-c++",), "zypper": ("gcc-c++",), "pacman": ("gcc",),
}  # fmt: skip
_PYTHON_PACKAGE: dict[PackageManager, str] = {
    "apt": "{python}-venv", "dnf": "{python}", "yum": "{python}", "zypper": "{joined}", "pacman": "python",
}  # fmt: skip
"""The package with a Python that makes environments: `python3.11-venv`, `python3.11`, `python311`."""


def render(plan: Plan) -> str:
    """The Dockerfile, ASCII, ending in a newline. Raises CudaDoctorError, saying why there is none."""
    if plan.impossible is not None:
        raise CudaDoctorError(f"there is no Dockerfile of it: {plan.impossible}")
    if plan.purpose.command == "fix":
        raise CudaDoctorError("there is no Dockerfile of a fix: it is for the machine that has the fault")
    if plan.image is None:
        raise CudaDoctorError(
            "there is no Dockerfile of this plan: no base image is known for it; --emit sh has a script"
        )
    if not _IMAGE.match(plan.image.base):
        raise CudaDoctorError(f"{plan.image.base!r} is not the name of an image")
    return "\n".join(_File(plan, plan.image.base).lines()) + "\n"


class _File:
    def __init__(self, plan: Plan, base: str) -> None:
        self.plan = plan
        self.base = base
        self.there: list[str] = []
        """Paths that the steps so far bring into the image."""
        self.copied: list[str] = []
        """Names of files that have to lie beside the Dockerfile."""

    def lines(self) -> Iterator[str]:
        body = [line for number, step in enumerate(self.plan.steps, 1) for line in self._step(number, step)]
        # A fixed first line: a comment such as `# escape=x` there would be an order to the parser.
        yield f"# Dockerfile made by cudadoctor {cudadoctor.__version__}"
        yield from comment(self.plan.title)
        yield "#"
        if self.copied:
            yield from comment(f"Put beside this file first: {', '.join(self.copied)}")
            yield "# Build it: docker build -t torch ."
        else:
            yield "# Build it: docker build -t torch - < FILE"
        for note in self.plan.notes:
            yield from comment(f"Note: {note}")
        assert self.plan.image is not None
        yield ""
        yield from comment(self.plan.image.why)
        yield f"FROM {self.base}"
        yield from self._ground(body)
        yield from body
        yield from self._end()

    def _ground(self, body: list[str]) -> Iterator[str]:
        """What this machine has and a bare image has not, by the image's own package manager."""
        assert self.plan.image is not None
        manager, python = self.plan.image.manager, self.plan.image.python
        if manager not in _INSTALL:
            raise CudaDoctorError(f"there is no Dockerfile of this plan: {manager} works in no image")
        packages = ["ca-certificates"]
        runs = [step.action.argv for step in self.plan.steps if isinstance(step.action, Run)]
        for argv in runs:
            match = _PYTHON.match(argv[0])
            packages += [_python(manager, match[1])] if match else []
            packages += [_python(manager, python)] if not match and self._is_venv(argv) else []
        uv = any(argv[0] == "uv" for argv in runs)
        packages += [_python(manager, python)] if uv else []
        compiles = any(step.id == "toolkit-install" and self._left_out(step) is None for step in self.plan.steps)
        packages += _COMPILER[manager] if compiles else []  # that of this machine is not in the image
        # The images of the other managers have curl: their managers need it.
        downloads = any("curl" in line and not line.startswith("#") for line in body)
        packages += ["curl"] if downloads and manager == "apt" else []
        yield ""
        yield "# What a bare image lacks."
        yield f"RUN {_INSTALL[manager]} {' '.join(dict.fromkeys(packages))}"
        if uv:
            yield (
                f"RUN {python} -m venv /opt/uv && /opt/uv/bin/pip install uv && ln -s /opt/uv/bin/uv /usr/local/bin/uv"
            )
        home = self.plan.home
        if home is not None and home != "/root":
            yield "# The paths below were planned for this home."
            yield f"ENV HOME={_plain(home, 'the home directory')}"

    @staticmethod
    def _is_venv(argv: tuple[str, ...]) -> bool:
        return argv[1:3] == ("-m", "venv") and posixpath.basename(argv[0]).startswith("python")

    def _step(self, number: int, step: PlanStep) -> Iterator[str]:
        yield ""
        yield from comment(f"{number}. {step.title}")
        yield from comment(step.why)
        left_out = self._left_out(step)
        if left_out is not None:
            yield from comment(f"Left out: {left_out.rstrip('.')}.")
            yield from self._instead(step)
            return
        action = step.action
        if isinstance(action, Run):
            self.there += [*step.makes, *step.touches]
            yield self._run(step, action)
        elif isinstance(action, WriteFile):
            self.there.append(action.path)
            yield from self._write(step, action)
        elif isinstance(action, Fetch):
            self.there.append(action.path)
            yield from self._fetch(step, action)

    def _left_out(self, step: PlanStep) -> str | None:
        """Why a step is not for an image."""
        action = step.action
        if step.id.startswith("driver-"):
            return "the driver is the host's; the NVIDIA Container Toolkit brings its libraries into the container"
        if step.reboot:
            return "an image is not booted"
        if plan_parts.is_smoke(step):
            return "no GPU is there while an image is built; how to test it stands at the end"
        if step.id.startswith("toolkit-") and "-devel" in self.base:
            return "the toolkit is in the base image"
        if _is_for_shells(step):
            return "no start-up file of a shell is read in a container; ENV sets what is needed"
        if isinstance(action, Tell):
            return f"it is to be done by hand: {plain(action.text)}"
        if action.safety == "manual":
            return "it is to be done by hand"
        return None

    def _instead(self, step: PlanStep) -> Iterator[str]:
        action = step.action
        found = _CUDA_HOME.search(action.text) if isinstance(action, WriteFile) else None
        if found and "-devel" not in self.base:
            root = _plain(found[1], "the toolkit's directory")
            yield f"ENV CUDA_HOME={root}"
            yield f"ENV PATH={root}/bin:$PATH"

    def _run(self, step: PlanStep, action: Run) -> str:
        argv = action.argv
        if not argv:
            raise CudaDoctorError(f"step {step.id} has no program to run")
        program = argv[0]
        if self._is_venv(argv) and program.startswith("/") and not program.startswith(_SYSTEM):
            assert self.plan.image is not None
            argv = (self.plan.image.python, *argv[1:])  # this machine's own Python: the image has its distribution's
        elif posixpath.basename(program) in _MANAGERS or program.startswith("/"):
            self._has(program, step)
        self._managed(argv, step)
        for before, one in pairwise(argv):
            path = one.removeprefix("file://")
            inside = self.plan.home is not None and path.startswith(f"{self.plan.home}/")
            if one != path or inside or (before == "--find-links" and path.startswith("/")):
                self._has(path, step)
        return _run_line(argv)

    def _managed(self, argv: tuple[str, ...], step: PlanStep) -> None:
        """Raises CudaDoctorError for a package manager that the image has not."""
        assert self.plan.image is not None
        own = _PROGRAMS[self.plan.image.manager]
        words = [word for word in argv if "=" not in word]
        program = posixpath.basename(words[1] if words[:1] == ["env"] and words[1:] else words[0] if words else "")
        if program not in own and any(program in programs for programs in _PROGRAMS.values()):
            raise CudaDoctorError(
                f"there is no Dockerfile of this plan: {self.base} has no {program} ({step.id}); --emit sh has a script"
            )

    def _has(self, path: str, step: PlanStep) -> None:
        """Raises CudaDoctorError for what is on this machine and would not be in the image."""
        system = path.startswith(_SYSTEM) and posixpath.basename(path) not in _MANAGERS
        if not system and not any(path == one or path.startswith(f"{one.rstrip('/')}/") for one in self.there):
            more = "; --conda miniforge plans one of its own" if posixpath.basename(path) in _MANAGERS else ""
            raise CudaDoctorError(
                f"there is no Dockerfile of this plan: {plain(path)} ({step.id}) is on this machine and would not be "
                f"in the image{more}"
            )

    def _write(self, step: PlanStep, action: WriteFile) -> Iterator[str]:
        path = plan_parts.absolute(action.path, step)
        if action.delete:
            yield _run_line(("rm", "-f", path))
            return
        folder = posixpath.dirname(path)
        if _PRINTABLE.match(path + action.text.replace("\n", "")):
            yield f"RUN mkdir -p {word(folder)} && \\"
            yield "    { \\"
            for line in print_file(action.text, "      "):
                yield line if line.endswith("\\") else f"{line}; \\"
            yield f"    }} > {word(path)}"
        else:
            text = "\n".join(print_file(action.text, ""))
            yield _exec(("/bin/sh", "-c", f"set -e\nmkdir -p {word(folder)}\n{{\n{text}\n}} > {word(path)}"))

    def _fetch(self, step: PlanStep, action: Fetch) -> Iterator[str]:
        path = plan_parts.absolute(action.path, step)
        if plan_parts.is_local(action):
            name = posixpath.basename(plan_parts.local_path(action))
            self.copied.append(_plain(name, "the file to copy"))
            yield f"COPY {name} {_plain(path, 'the path to copy to')}"
        elif _PLAIN.match(plan_parts.https_only(action)) and _PLAIN.match(path):
            yield f"ADD {action.url} {path}"
        else:
            yield _run_line(("mkdir", "-p", posixpath.dirname(path)))
            how = ("curl", "--proto", "=https", "--tlsv1.2", "-fL", "-g", "-o", path, "--url", action.url)
            yield _run_line(how)
        if action.digest is not None:
            check = f'test "$({action.algorithm}sum < {word(path)})" = {word(f"{action.digest}  -")}'
            yield f"RUN {check}" if _PRINTABLE.match(check) else _exec(("/bin/sh", "-c", check))

    def _end(self) -> Iterator[str]:
        smoke = next((step for step in self.plan.steps if plan_parts.is_smoke(step)), None)
        if smoke is None:
            return
        prefix, device = plan_parts.smoke_environment(smoke)
        if prefix is not None:
            yield ""
            yield "# The environment's python comes first."
            yield f"ENV PATH={_plain(prefix, 'the environment')}/bin:$PATH"
        yield ""
        if device == "cpu":
            yield "# Test it: docker run --rm torch python -c 'import torch; print(torch.ones(2).sum())'"
        else:
            yield "# Test it, on a host with the driver and the NVIDIA Container Toolkit:"
            code = 'import torch; print(torch.ones(2, device="cuda").sum())'
            yield f"# docker run --rm --gpus all torch python -c '{code}'"


def _is_for_shells(step: PlanStep) -> bool:
    action = step.action
    if isinstance(action, WriteFile):
        return posixpath.basename(action.path) in plan_parts.RC_NAMES
    return bool(step.touches) and all(posixpath.basename(path) in plan_parts.RC_NAMES for path in step.touches)


def _python(manager: PackageManager, python: str) -> str:
    joined = python.replace(".", "")
    return _PYTHON_PACKAGE[manager].format(python=python, joined=joined)


def _plain(text: str, what: str) -> str:
    if not _PLAIN.match(text):
        raise CudaDoctorError(f"there is no Dockerfile of this plan: {what} {plain(text)!r} cannot stand in one")
    return text


def _run_line(argv: tuple[str, ...]) -> str:
    """RUN in the form that reads best: the shell's where every word is printable, else the list of words."""
    ordinary = _PLAIN.match(argv[0]) and not argv[0].startswith("-") and "=" not in argv[0]
    if ordinary and all(_PRINTABLE.match(one) for one in argv):
        return f"RUN {words(argv)}"
    if any("\udc80" <= letter <= "\udcff" for one in argv for letter in one):
        return _exec(("/bin/sh", "-c", f"exec {words(argv)}"))
    return _exec(argv)


def _exec(argv: tuple[str, ...]) -> str:
    """The list form: JSON, in which everything that a parser or a reader could stumble over is written as an escape."""
    if any("\0" in one for one in argv):
        raise CudaDoctorError("a NUL character stands in a command, which no program can be given")

    def escaped(text: str) -> str:
        return "".join(
            letter if re.match(r"[A-Za-z0-9_ ./:;,+=@%{}()|&-]", letter) else json.dumps(letter)[1:-1]
            if ord(letter) > 0x7F else f"\\u{ord(letter):04x}"
            for letter in text
        )  # fmt: skip

    return "RUN [" + ", ".join(f'"{escaped(one)}"' for one in argv) + "]"
