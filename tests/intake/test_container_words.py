"""Command lines of a text as facts, and what the checks make of them together with its messages."""

from __future__ import annotations

import pytest

from cudadoctor.checks.engine import causes, registry
from cudadoctor.checks.engine.runner import run
from cudadoctor.facts.base import Facts
from cudadoctor.facts.runtime import RuntimeFacts
from cudadoctor.intake.container_words import container_starts
from cudadoctor.intake.messages.find import find


def roots(text: str) -> tuple[str, ...]:
    """The root causes that the text alone supports."""
    starts = container_starts(text)
    facts = Facts(
        symptoms=find((f"line {number}", line) for number, line in enumerate(text.splitlines(), 1)),
        runtime=RuntimeFacts(starts=starts) if starts else None,
    )
    return causes.roots(run(registry.all_checks(), facts).findings)


def test_where_it_stood_is_kept() -> None:
    (one,) = container_starts("hello\n$ docker run --gpus all x/y nvidia-smi\n")
    assert one.seen.where == "line 2"
    assert one.command == ("nvidia-smi",)
    assert one.asks_for_gpu


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "docker run -it x/y python t.py\nRuntimeError: Found no NVIDIA driver on your system.",
            "container-without-gpu-access",
        ),
        (
            "docker run --gpus all -e NVIDIA_DRIVER_CAPABILITIES=utility x/y\nFound no NVIDIA driver on your system",
            "container-driver-capabilities-missing",
        ),
        (
            (
                "docker run --gpus all x/y\nafter some hours\n$ docker exec -it c nvidia-smi\n"
                "Failed to initialize NVML: Unknown Error"
            ),
            "container-cgroup-lost-devices",
        ),
        (
            "docker run --rm --gpus all x/y nvidia-smi\nFailed to initialize NVML: Unknown Error",
            "container-no-cgroups-setting",
        ),
        (
            "docker run --gpus all x/y\nnvidia-container-cli: requirement error: unsatisfied condition: cuda>=12.6",
            "driver-too-old-for-runtime",
        ),
        (
            (
                "The following packages have unmet dependencies:\n nvidia-driver-550 : Depends: nvidia-dkms-550\n"
                "E: Unable to correct problems, you have held broken packages."
            ),
            "apt-driver-packages-conflict",
        ),
    ],
)
def test_one_text_one_root(text: str, expected: str) -> None:
    assert roots(text) == (expected,)


@pytest.mark.parametrize(
    "text",
    [
        "docker run hello-world\nHello from Docker!\nno CUDA-capable device is detected",
        "docker run --gpus all x/y nvidia-smi\nit works, thanks",
        "Failed to initialize NVML: Unknown Error",
        "I installed docker with snap install docker and all is well",
        "The following packages have unmet dependencies:\n libfoo : Depends: libbar but it is not installable",
    ],
)
def test_where_the_text_does_not_decide_nothing_is_said(text: str) -> None:
    assert roots(text) == ()
