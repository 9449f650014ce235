"""What the facts say that bears on which cause is likely: signs without a message, and circumstances."""

from __future__ import annotations

from collections.abc import Callable

from cudadoctor.checks.shared.machine import active, is_cpu_build, laptop, names, smi_lists
from cudadoctor.checks.shared.messages import container_starts
from cudadoctor.compat.arch import newer_than_build, older_than_build
from cudadoctor.compat.drivers import needs_open_module, open_module_possible, serves
from cudadoctor.facts.base import Facts
from cudadoctor.facts.context import ContextFacts, Tried
from cudadoctor.facts.envs import TorchFacts
from cudadoctor.facts.runtime import ContainerStart

_OTHER_IMAGES = frozenset(
    ("redis", "postgres", "mysql", "mariadb", "mongo", "nginx", "httpd", "traefik", "rabbitmq", "memcached", "registry")
)
_SCHEDULERS = ("SLURM_", "PBS_", "LSB_")
_NVSWITCH = ("SXM", "HGX", "DGX", "GB200", "GB300")
_UNIFIED_MODULE_FROM = 560
"""The first branch whose packages install the open module where the GPU allows it."""


def _torch(facts: Facts) -> TorchFacts | None:
    env = active(facts.envs or ())
    return env.torch if env is not None else None


def _context(facts: Facts) -> ContextFacts:
    return facts.context or ContextFacts()


def _kinds(facts: Facts) -> frozenset[str]:
    return frozenset(one.kind for one in facts.symptoms or ())


def _starts(facts: Facts) -> tuple[ContainerStart, ...]:
    """Containers that are started in the text, save such as are databases and web servers beside the matter."""
    return tuple(
        one
        for one in container_starts(facts.runtime)
        if (one.image or "").rpartition("/")[2].partition(":")[0].lower() not in _OTHER_IMAGES
    )


def _container(facts: Facts) -> bool:
    inside = (facts.os is not None and facts.os.container is not None) or _context(facts).container is not None
    named = {"container-named", "container-prompt", "pod-named"} & _kinds(facts)
    return inside or bool(named) or bool(_starts(facts))


def _without_gpu_asked(facts: Facts) -> bool:
    """A command starts a container and asks for no GPU, though another one may ask for it."""
    context = _context(facts)
    by_nv = context.container == "apptainer" and context.container_gpu is False
    return by_nv or any(not one.asks_for_gpu for one in _starts(facts))


def _gpu_asked(facts: Facts) -> bool:
    starts, context = _starts(facts), _context(facts)
    return (bool(starts) and all(one.asks_for_gpu for one in starts)) or (
        context.container in ("apptainer", "kubernetes") and context.container_gpu is True
    )


def _wsl(facts: Facts) -> bool:
    return (facts.os is not None and bool(facts.os.wsl)) or "wsl-named" in _kinds(facts)


def _job(facts: Facts) -> bool:
    variables = facts.shell.variables if facts.shell is not None else {}
    return _context(facts).step == "job" or any(name.startswith(_SCHEDULERS) for name in variables)


def _tried(what: Tried) -> Callable[[Facts], bool]:
    return lambda facts: any(one.what == what for one in _context(facts).tried)


def _instance_without_nvidia(facts: Facts) -> bool:
    instance = _context(facts).instance
    return instance is not None and instance.maker != "nvidia"


def _arch_list(facts: Facts) -> tuple[str, ...]:
    torch = _torch(facts)
    return (torch.arch_list or ()) if torch is not None else ()


def _gpu_newer(facts: Facts) -> bool:
    built = _arch_list(facts)
    found = [gpu.compute_capability for gpu in facts.gpus or () if gpu.compute_capability is not None]
    return bool(built) and any(newer_than_build(one, built) for one in found)


def _gpu_older(facts: Facts) -> bool:
    built = _arch_list(facts)
    found = [gpu.compute_capability for gpu in facts.gpus or () if gpu.compute_capability is not None]
    return bool(built) and any(older_than_build(one, built) for one in found)


def _open_only(facts: Facts) -> bool:
    return any(
        gpu.compute_capability is not None and needs_open_module(gpu.compute_capability, gpu.name)
        for gpu in facts.gpus or ()
    )


def _before_turing(facts: Facts) -> bool:
    return any(
        gpu.compute_capability is not None and not open_module_possible(gpu.compute_capability)
        for gpu in facts.gpus or ()
    )


def _driver_serves(facts: Facts) -> bool | None:
    torch, driver = _torch(facts), facts.driver
    if torch is None or torch.cuda is None or driver is None or driver.version is None:
        return None
    return serves(driver.version, torch.cuda)


def _module(facts: Facts, kind: str) -> bool:
    """The module that is loaded, or else that a package brings."""
    if facts.driver is not None and facts.driver.module is not None:
        return facts.driver.module == kind
    packages = facts.distro.packages if facts.distro is not None else None
    drivers = [one.name for one in packages or () if "nvidia" in one.name]
    return kind == "open" and any("-open" in name for name in drivers)


def _new_branch(facts: Facts) -> bool:
    version = facts.driver.version if facts.driver is not None else None
    return version is not None and version.branch >= _UNIFIED_MODULE_FROM


def _torch_finds_none(facts: Facts) -> bool:
    torch = _torch(facts)
    return torch is not None and torch.live.is_available is False


def _torch_finds_gpu(facts: Facts) -> bool:
    torch = _torch(facts)
    return torch is not None and torch.live.is_available is True


def _smi_none(facts: Facts) -> bool:
    smi = facts.smi
    said = smi is not None and "no devices were found" in (smi.message or "").lower()
    return said or (smi is not None and smi.outcome == "ok" and not smi.gpus and facts.gpus != ())


def _cuinit(*codes: int) -> Callable[[Facts], bool]:
    def failed(facts: Facts) -> bool:
        return facts.libcuda is not None and facts.libcuda.outcome == "failed" and facts.libcuda.cuinit in codes

    return failed


def _packages(facts: Facts) -> bool:
    env = active(facts.envs or ())
    return env is not None and len(env.packages or ()) > 5


def _several(facts: Facts) -> bool:
    return len(facts.gpus or ()) > 1 or "several-gpus-named" in _kinds(facts)


def _logged(facts: Facts) -> bool:
    return facts.kernel is not None and bool(facts.kernel.events)


def _variable(name: str) -> Callable[[Facts], bool]:
    return lambda facts: facts.shell is not None and name in facts.shell.variables


def _build_known(facts: Facts) -> bool:
    torch = _torch(facts)
    return torch is not None and (torch.cuda is not None or torch.build is not None)


def _cpu_build(facts: Facts) -> bool:
    torch = _torch(facts)
    return torch is not None and is_cpu_build(torch) is True


def _cuda_build(facts: Facts) -> bool:
    torch = _torch(facts)
    return torch is not None and torch.cuda is not None


def _nvswitch(facts: Facts) -> bool:
    return "nvswitch-named" in _kinds(facts) or any(
        mark in (gpu.name or "").upper() for gpu in facts.gpus or () for mark in _NVSWITCH
    )


def _no_nvswitch(facts: Facts) -> bool:
    """The GPU is named, and is of no kind that NVSwitch connects."""
    return any(gpu.name for gpu in facts.gpus or ()) and not _nvswitch(facts)


STATES: dict[str, tuple[str, Callable[[Facts], bool]]] = {
    # signs
    "torch-finds-no-gpu": ("torch finds no GPU", _torch_finds_none),
    "smi-lists-no-gpu": ("nvidia-smi lists no GPU", _smi_none),
    "cuinit-failed-2": ("cuInit gives 2", _cuinit(2)),
    "cuinit-failed-3": ("cuInit gives 3", _cuinit(3)),
    "cuinit-failed-46": ("cuInit gives 46", _cuinit(46)),
    "cuinit-failed-100": ("cuInit gives 100", _cuinit(38, 100)),
    "cuinit-failed-304": ("cuInit gives 304", _cuinit(304)),
    "cuinit-failed-802": ("cuInit gives 802", _cuinit(802)),
    "cuinit-failed-803": ("cuInit gives 803", _cuinit(803)),
    "cuinit-failed-804": ("cuInit gives 804", _cuinit(804)),
    "cuinit-failed-999": ("cuInit gives 999", _cuinit(30, 999)),
    # where
    "in-container": ("it happens in a container", _container),
    "container-gpu-not-asked": ("the container was started without a GPU", _without_gpu_asked),
    "container-gpu-asked": ("the container was started with a GPU", _gpu_asked),
    "in-pod": (
        "it runs in Kubernetes",
        lambda facts: _context(facts).container == "kubernetes" or "pod-named" in _kinds(facts),
    ),
    "in-apptainer": ("it runs in Apptainer", lambda facts: _context(facts).container == "apptainer"),
    "in-wsl": ("it happens in WSL", _wsl),
    "in-vm": ("the machine is a virtual one", lambda facts: _context(facts).virtual_machine is not None),
    "in-job": ("it runs under a batch system", _job),
    "job-gpu-asked": ("the job asks for a GPU", lambda facts: _context(facts).job_gpu is True),
    "job-gpu-not-asked": ("the job asks for no GPU", lambda facts: _context(facts).job_gpu is False),
    "on-login-node": ("it is the login node of a cluster", lambda facts: _context(facts).step == "login-node"),
    "gpus-elsewhere": (
        "the host, or another user, sees the GPUs",
        lambda facts: _context(facts).gpus_elsewhere is not None,
    ),
    "instance-without-nvidia": ("this kind of cloud machine has no NVIDIA GPU", _instance_without_nvidia),
    "still-after-reboot": ("a reboot did not help", _tried("reboot")),
    "module-load-failed": ("loading the module failed", _tried("load-module")),
    "driver-reinstalled": ("installing the driver again did not help", _tried("reinstall-driver")),
    "torch-reinstalled": ("installing torch again did not help", _tried("reinstall-torch")),
    "on-jetson": (
        "the machine is a Jetson",
        lambda facts: (facts.os is not None and facts.os.jetson is not None) or "jetson-named" in _kinds(facts),
    ),
    "on-aarch64": (
        "the processor is an ARM one",
        lambda facts: (facts.os is not None and facts.os.arch == "aarch64") or "aarch64-named" in _kinds(facts),
    ),
    "on-laptop": (
        "the machine is a laptop",
        lambda facts: any(map(laptop, names(facts.gpus))) or "laptop-named" in _kinds(facts),
    ),
    # the GPU
    "gpu-newer-than-build": ("the GPU is newer than the build", _gpu_newer),
    "gpu-older-than-build": ("the GPU is older than the build", _gpu_older),
    "gpu-needs-open-module": ("the GPU needs the open kernel module", _open_only),
    "gpu-without-open-module": ("the open kernel module does not support the GPU", _before_turing),
    "gpu-with-nvswitch": ("the GPU is of a kind that NVSwitch connects", _nvswitch),
    "gpu-without-nvswitch": ("the GPU is of no kind that NVSwitch connects", _no_nvswitch),
    "several-gpus": ("there are several GPUs", _several),
    # the driver
    "module-open": ("the kernel module is the open one", lambda facts: _module(facts, "open")),
    "module-proprietary": ("the kernel module is the proprietary one", lambda facts: _module(facts, "proprietary")),
    "driver-since-560": ("the driver is of a branch that prefers the open kernel module", _new_branch),
    "driver-serves-build": ("the driver supports the CUDA of the build", lambda facts: _driver_serves(facts) is True),
    "driver-behind-build": ("the driver is older than the build needs", lambda facts: _driver_serves(facts) is False),
    "smi-works": (
        "nvidia-smi works",
        lambda facts: smi_lists(facts.smi) or bool({"smi-works-said", "smi-answered"} & _kinds(facts)),
    ),
    "uvm-loaded": ("nvidia_uvm is loaded", lambda facts: facts.driver is not None and facts.driver.uvm_loaded is True),
    "uvm-not-loaded": (
        "nvidia_uvm is not loaded",
        lambda facts: facts.driver is not None and facts.driver.uvm_loaded is False,
    ),
    # the environment
    "build-cpu": ("the build of torch has no CUDA", _cpu_build),
    "build-cuda": ("the build of torch has CUDA", _cuda_build),
    "torch-finds-gpu": ("torch finds the GPU", _torch_finds_gpu),
    "library-path-set": ("LD_LIBRARY_PATH is set", _variable("LD_LIBRARY_PATH")),
    "visible-devices-set": ("CUDA_VISIBLE_DEVICES is set", _variable("CUDA_VISIBLE_DEVICES")),
    # what has been shown already
    "log-shown": ("the kernel's log was shown", _logged),
    "smi-shown": ("nvidia-smi was run", lambda facts: facts.smi is not None and facts.smi.outcome != "missing"),
    "packages-shown": ("the list of packages was shown", _packages),
    "build-shown": ("the build of torch was shown", _build_known),
    "modules-shown": (
        "the list of modules was shown",
        lambda facts: facts.driver is not None and facts.driver.uvm_loaded is not None,
    ),
    "gpu-known": ("the GPU is known", lambda facts: any(gpu.name for gpu in facts.gpus or ())),
}
"""State → (what it means, how it is seen in the facts)."""


def present(facts: Facts) -> frozenset[str]:
    """Kinds of the messages, and names of the states, that these facts have."""
    return _kinds(facts) | {name for name, (_, holds) in STATES.items() if holds(facts)}


def shown(what: str, facts: Facts) -> str:
    """A message or a state in words."""
    if what in STATES:
        return STATES[what][0]
    return next((one.says for one in facts.symptoms or () if one.kind == what), what)
