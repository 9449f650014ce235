"""What a session runs in."""

from __future__ import annotations

import pytest

from cudadoctor.facts.context import ContextFacts
from cudadoctor.probes import context
from cudadoctor.probes.base import Clock, Request

from .fake import FakeHost

_PRODUCT = "/sys/class/dmi/id/product_name"


def probe(host: FakeHost) -> ContextFacts:
    found = context.probe(host, Request(), Clock(60))
    assert found.value is not None
    return found.value


def test_a_machine_of_its_own() -> None:
    assert probe(FakeHost(files={_PRODUCT: b"Precision 7920 Tower\n"})) == ContextFacts()


@pytest.mark.parametrize(
    ("env", "scheduler", "given"),
    [
        ({"SLURM_JOB_ID": "7"}, "slurm", False),
        ({"SLURM_JOB_ID": "7", "SLURM_JOB_GPUS": "0"}, "slurm", True),
        ({"SLURM_JOB_ID": "7", "SLURM_GPUS_ON_NODE": "0"}, "slurm", False),
        ({"PBS_JOBID": "1.srv"}, "pbs", False),
        ({"LSB_JOBID": "3"}, "lsf", False),
    ],
)
def test_a_job(env: dict[str, str], scheduler: str, given: bool) -> None:
    found = probe(FakeHost(env=env))
    assert (found.scheduler, found.step, found.job_gpu) == (scheduler, "job", given)


def test_a_cloud_machine_by_its_firmware() -> None:
    found = probe(FakeHost(files={_PRODUCT: b"g4ad.xlarge\n", "/sys/class/dmi/id/sys_vendor": b"Amazon EC2\n"}))
    assert found.virtual_machine == "amazon"
    assert found.instance is not None
    assert (found.instance.maker, found.instance.gpu) == ("amd", "Radeon Pro V520")
