"""Where a report comes from, and what was tried."""

from __future__ import annotations

import pytest

from cudadoctor.facts.context import ContextFacts
from cudadoctor.intake.read import facts

_SEES_NONE = "\nNo devices were found\n"


def _of(text: str) -> ContextFacts:
    return facts(text).context or ContextFacts()


@pytest.mark.parametrize(
    ("text", "engine", "given"),
    [
        ("$ apptainer exec --nv img.sif python x.py", "apptainer", True),
        ("singularity -s run --nvccli img.sif", "apptainer", True),
        ("$ singularity shell img.sif", "apptainer", False),
        ("export APPTAINER_NV=1\napptainer run img.sif", "apptainer", True),
        ("docker run -it pytorch/pytorch bash", "docker", False),
        ("sudo docker run --gpus all x nvidia-smi", "docker", True),
        ("podman run --device nvidia.com/gpu=all x", "podman", True),
        ("$ kubectl exec -it trainer -- nvidia-smi", "kubernetes", None),
        ("Inside the pod nvidia-smi fails", "kubernetes", None),
        ("kind: Pod\nspec:\n  limits:\n    nvidia.com/gpu: 1", "kubernetes", True),
        ("srun --gpus=1 --container-image=nvcr.io#x nvidia-smi", "enroot", None),
        ("Inside my docker container CUDA is gone", "docker", None),
        ("in an LXC container on the server", None, None),
        ("in the lxc container", "lxc", None),
        ("the docker daemon is not running", None, None),
    ],
)
def test_containers(text: str, engine: str | None, given: bool | None) -> None:
    found = _of(text + _SEES_NONE)
    assert (found.container, found.container_gpu) == (engine, given)


@pytest.mark.parametrize(
    ("text", "scheduler", "step", "given"),
    [
        ("#SBATCH --partition=gpu\npython x.py", "slurm", "job", False),
        ("#SBATCH --gres=gpu:a100:2\npython x.py", "slurm", "job", True),
        ("$ srun --gpus-per-task=1 nvidia-smi", "slurm", "job", True),
        ("$ srun nvidia-smi", "slurm", "job", False),
        ("SLURM_JOB_ID=7\nSLURM_JOB_GPUS=0", "slurm", "job", True),
        ("#PBS -l select=1:ngpus=1", "pbs", "job", True),
        ("#PBS -l select=1:ncpus=4", "pbs", "job", False),
        ('bsub -gpu "num=1" ./a.out', "lsf", "job", True),
        ("On the login node of our Slurm cluster", "slurm", "login-node", None),
        ("me@login02:~$ nvidia-smi", None, "login-node", None),
        ("on a compute node", None, "job", None),
        ("In a Slurm job", "slurm", "job", None),
        ("On the login node it is empty, and in a slurm job it works", "slurm", None, None),
        ("my job is machine learning", None, None, None),
    ],
)
def test_schedulers(text: str, scheduler: str | None, step: str | None, given: bool | None) -> None:
    found = _of(text + _SEES_NONE)
    assert (found.scheduler, found.step, found.job_gpu) == (scheduler, step, given)


@pytest.mark.parametrize(
    ("text", "elsewhere"),
    [
        ("On the host nvidia-smi works fine.", "host"),
        ("nvidia-smi works on the node", "host"),
        ("host: nvidia-smi -L lists 4 GPUs", "host"),
        ("Outside the container, nvidia-smi shows the card", "host"),
        ("As root nvidia-smi shows both cards", "root"),
        ("root can run nvidia-smi and sees 8 GPUs", "root"),
        ("On the host nvidia-smi does not work either", None),
        ("nvidia-smi fails on the node", None),
        ("even with sudo nvidia-smi never works", None),
    ],
)
def test_gpus_elsewhere(text: str, elsewhere: str | None) -> None:
    assert _of(text + _SEES_NONE).gpus_elsewhere == elsewhere


@pytest.mark.parametrize(
    ("text", "tried"),
    [
        ("I rebooted twice, same.", ["reboot"]),
        ("After a reboot it still says so", ["reboot"]),
        ("rebooting did not help", ["reboot"]),
        ("I restarted the server and nothing changed", ["reboot"]),
        ("After a reboot it works again", []),
        ("I have not rebooted yet", []),
        ("it works until I reboot", []),
        ("you should reboot", []),
        ("modprobe: ERROR: could not insert 'nvidia': No such device", ["load-module"]),
        ("modprobe: FATAL: Module nvidia not found in directory /lib/modules/6.8.0", ["load-module"]),
        ("$ sudo modprobe nvidia", []),
        ("I reinstalled the NVIDIA driver, no change", ["reinstall-driver"]),
        ("Reinstalling pytorch with pip changes nothing", ["reinstall-torch"]),
        ("should I try reinstalling the driver?", []),
    ],
)
def test_what_was_tried(text: str, tried: list[str]) -> None:
    assert [one.what for one in _of(text).tried] == tried


@pytest.mark.parametrize(
    ("text", "maker"),
    [
        ("Instance type: g4ad.xlarge", "amd"),
        ("we run p3.2xlarge", "nvidia"),
        ("on an inf1.xlarge node", "aws"),
        ("an m5.large of AWS", None),
        ("Standard_NV8as_v4", "amd"),
        ("Standard_NC4as_T4_v3", "nvidia"),
        ("a Standard_D4s_v3 machine", None),
        ("a2-highgpu-1g", "nvidia"),
        ("e2-standard-4", None),
    ],
)
def test_cloud_instances(text: str, maker: str | None) -> None:
    instance = _of(text + " nvidia-smi").instance
    assert instance is not None
    assert instance.maker == maker


@pytest.mark.parametrize("text", ["n1-standard-4", "python3.10.large", "libcudnn.so.8", "model.large v2", "torch 2.1"])
def test_other_words_are_no_instances(text: str) -> None:
    assert _of(text + " nvidia-smi").instance is None
