"""Finds containers started with --gpus where the toolkit needs its runtime to be named."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Result, Says, Severity, Source, check, decided_by_messages
from cudadoctor.facts.symptom import Symptom

_PAGE = Source(
    title="NVIDIA Container Toolkit: the runtime hook",
    url="https://github.com/NVIDIA/nvidia-container-toolkit/blob/main/cmd/nvidia-container-runtime-hook/hook_config.go",
    read_on="2026-12-01",
)


@check(
    "CT015",
    severity=Severity.ERROR,
    messages=(
        Says(
            kinds=("hook-called-directly",),
            message="`--gpus` is not supported in the toolkit's current mode: the nvidia runtime has to be named",
            source=_PAGE,
        ),
    ),
)
def nvidia_runtime_not_named(symptoms: tuple[Symptom, ...]) -> Result:
    """The container toolkit runs in a mode in which `--gpus` is not supported: the nvidia runtime has to be named.

    Why:
        In the modes csv (Jetson) and cdi the toolkit works through its runtime. `--gpus`, and compose's device
        reservations, call its hook directly, which then refuses.

    How we know:
        "invoking the NVIDIA Container Runtime Hook directly (e.g. specifying the docker --gpus flag) is not
        supported".

    Fix:
        Use `docker run --runtime=nvidia -e NVIDIA_VISIBLE_DEVICES=all …` (compose: `runtime: nvidia`), or make it the
        default: `sudo nvidia-ctk runtime configure --runtime=docker --set-as-default` and `sudo systemctl restart
        docker`.

    Harmless when:
        Never.

    Sources:
        https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/docker-specialized.html
    """
    yield from decided_by_messages(symptoms)
