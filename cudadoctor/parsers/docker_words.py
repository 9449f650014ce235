"""How containers were started: `docker run` lines, compose files and Dockerfile lines in any text, nothing is run."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from cudadoctor.facts.runtime import ContainerStart
from cudadoctor.facts.seen import Seen
from cudadoctor.parsers.text import lines

_START = re.compile(
    r"(?:^|[\s$#>;&|`(])(?P<engine>docker|podman|nerdctl|nvidia-docker2?)(?:[ \t]+container)?[ \t]+"
    r"(?P<verb>run|create)(?=[ \t]|\\|$)(?P<rest>[^\n]*)"
)
_ENV = re.compile(
    r"^[ \t]*(?:-[ \t]+)?[\"']?(?P<name>NVIDIA_[A-Z_]{2,40})[\"']?[ \t]*[:=][ \t]*[\"']?(?P<value>[^\"'\s#]{1,120})"
)
_DOCKERFILE = re.compile(
    r"^[ \t]*ENV[ \t]+(?P<name>NVIDIA_[A-Z_]{2,40})[ \t=]+[\"']?(?P<value>[^\"'\s]{1,120})", re.IGNORECASE
)
_COMPOSE_RUNTIME = re.compile(r"^[ \t]+runtime:[ \t]*[\"']?(?P<value>[\w.-]{1,60})")
_COMPOSE_DRIVER = re.compile(r"^[ \t]+(?:-[ \t]+)?driver:[ \t]*[\"']?(?P<value>nvidia|cdi)\b")
_COMPOSE_SHM = re.compile(r"^[ \t]+shm_size:[ \t]*[\"']?(?P<value>\d{1,12}[a-zA-Z]{0,2})")
_COMPOSE_IMAGE = re.compile(r"^[ \t]+image:[ \t]*[\"']?(?P<value>[\w./:@-]{1,200})")
_WORD = re.compile(r"\"([^\"]{0,300})\"|'([^']{0,300})'|([^\s\"']{1,300})")
_NVIDIA_DEVICE = re.compile(r"/dev/nvidia|nvidia\.com/")
_VALUE_OPTIONS = (
    " -e --env -v --volume --mount -p --publish --name -h --hostname -w --workdir -u --user --network"
    " --net --ipc --pid --shm-size --ulimit --device --runtime --gpus --entrypoint --cpus -m --memory"
    " --security-opt --cap-add --cap-drop --env-file --restart -l --label --add-host --platform --pull"
    " --group-add --log-driver --log-opt --cpuset-cpus --dns --expose --hooks-dir --userns --cgroupns"
    " --annotation --uts --tmpfs --device-cgroup-rule --memory-swap --stop-signal --link --mac-address"
    " --ip --health-cmd --isolation --init-path --sysctl -c --cpu-shares -a --attach "
)
"""Options of `docker run` whose value is the next word."""
_MOST = 50


See = Callable[[int], Seen]
"""Number of a line → where it was read."""


def starts(text: str | bytes, seen: See | None = None) -> tuple[ContainerStart, ...]:
    """Every `docker run` (podman, nerdctl, nvidia-docker), then what compose files and Dockerfiles in the text say."""
    rows = lines(text, longest=4096)

    def line_of_text(number: int) -> Seen:
        shown = "".join(letter for letter in rows[number - 1] if letter.isprintable()).strip()[:200]
        return Seen(where=f"line {number}", text=shown)

    see = seen or line_of_text
    found: list[ContainerStart] = []
    for number, whole in _joined(rows):
        match = _START.search(whole)
        if (
            match is not None
            and len(found) < _MOST
            and (one := _run(see(number), match.group("engine"), match.group("rest")))
        ):
            found.append(one)
    return (*found, *_files(rows, see))


def _joined(rows: Sequence[str]) -> list[tuple[int, str]]:
    """Lines with their continuation lines: a backslash at the end joins the next one."""
    found: list[tuple[int, str]] = []
    number, parts = 0, [""]
    for index, row in enumerate(rows, 1):
        if not number:
            number, parts = index, []
        stripped = row.rstrip()
        if stripped.endswith("\\") and len(parts) < 60:
            parts.append(stripped[:-1])
            continue
        parts.append(stripped)
        found.append((number, " ".join(parts)[:16384]))
        number = 0
    if number and parts:
        found.append((number, " ".join(parts)[:16384]))
    return found


def _run(seen: Seen, engine: str, rest: str) -> ContainerStart | None:
    words = ["".join(parts) for parts in _WORD.findall(rest)][:400]
    # `--env="X=1"` comes apart at its quotes: what ends in `=` belongs to the next word.
    glued: list[str] = []
    for word in words:
        if glued and glued[-1].endswith("=") and glued[-1].startswith("-"):
            glued[-1] += word
        else:
            glued.append(word)
    options: dict[str, list[str]] = {}
    image: str | None = None
    command: list[str] = []
    at = 0
    while at < len(glued):
        word = glued[at]
        at += 1
        if word in (";", "&&", "|", "||", "&"):
            break
        if image is not None:
            command.append(word)
        elif word.startswith("-"):
            name, equals, value = word.partition("=")
            if not equals and f" {name} " in _VALUE_OPTIONS and at < len(glued):
                value = glued[at]
                at += 1
            elif not equals and f" {name} " not in _VALUE_OPTIONS and (short := _glued_short(name)):
                name, value = short
            options.setdefault(name, []).append(value)
        else:
            image = word
    if not options and (image is None or not re.search(r"[/:]", image)):
        return None  # `docker run` in a sentence
    return _start(seen, engine, image, options, command)


def _glued_short(name: str) -> tuple[str, str] | None:
    """`-eNVIDIA_VISIBLE_DEVICES=all` is `-e` and its value."""
    return ("-e", name[2:]) if name.startswith("-eNV") else None


def _start(
    seen: Seen, engine: str, image: str | None, options: dict[str, list[str]], command: list[str]
) -> ContainerStart:
    env: dict[str, str] = {}
    for pair in options.get("-e", []) + options.get("--env", []):
        name, _, value = pair.partition("=")
        if name.startswith(("NVIDIA_", "CUDA_")):
            env[name[:60]] = value[:120]

    def last(name: str) -> str | None:
        return next((value for value in reversed(options.get(name, [])) if value), None)

    runtime, gpus = last("--runtime"), last("--gpus")
    devices = tuple(one[:120] for one in options.get("--device", []) if _NVIDIA_DEVICE.search(one))[:20]
    return ContainerStart(
        engine="nvidia-docker" if engine.startswith("nvidia-docker") else engine,
        image=image[:200] if image else None,
        gpus=gpus,
        runtime=runtime,
        env=env,
        shm_size=last("--shm-size"),
        ipc=last("--ipc"),
        ulimits=tuple(options.get("--ulimit", []))[:10],
        privileged="--privileged" in options and options["--privileged"][-1] != "false",
        devices=devices,
        security_opts=tuple(one[:80] for one in options.get("--security-opt", []))[:10],
        command=tuple(one[:80] for one in command[:8]),
        asks_for_gpu=bool(gpus or devices) or "nvidia" in (runtime or "") or engine.startswith("nvidia-docker"),
        seen=seen,
    )


def _files(rows: Sequence[str], seen: See) -> list[ContainerStart]:
    """What lines of compose files and Dockerfiles say: one start for each kind of file, services are not told apart."""
    compose: dict[str, str] = {}
    compose_env: dict[str, str] = {}
    docker_env: dict[str, str] = {}
    first_compose = first_docker = 0
    for number, row in enumerate(rows, 1):
        if match := _DOCKERFILE.match(row):
            docker_env[match.group("name").upper()] = match.group("value")
            first_docker = first_docker or number
            continue
        for key, pattern in _COMPOSE.items():
            if match := pattern.match(row):
                compose.setdefault(key, match.group("value"))
                if key in ("runtime", "gpus"):
                    first_compose = first_compose or number
        if match := _ENV.match(row):
            compose_env[match.group("name")] = match.group("value")
    found = []
    if first_compose:
        found.append(
            ContainerStart(
                engine="compose",
                image=compose.get("image"),
                gpus="compose" if "gpus" in compose else None,
                runtime=compose.get("runtime"),
                env=compose_env,
                shm_size=compose.get("shm_size"),
                asks_for_gpu="gpus" in compose or "nvidia" in compose.get("runtime", ""),
                seen=seen(first_compose),
            )
        )
    if first_docker:
        found.append(ContainerStart(engine="dockerfile", env=docker_env, seen=seen(first_docker)))
    return found


_COMPOSE = {"runtime": _COMPOSE_RUNTIME, "gpus": _COMPOSE_DRIVER, "shm_size": _COMPOSE_SHM, "image": _COMPOSE_IMAGE}
