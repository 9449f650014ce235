"""Container runtimes on this machine, and what this container was given."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from cudadoctor.facts.seen import Seen


class ContainerStart(Struct, frozen=True, kw_only=True):
    """How a container is started, as a command line or a file in a paste says."""

    engine: str
    """docker, podman, nerdctl, nvidia-docker, compose, dockerfile."""
    image: str | None = None
    gpus: str | None = None
    """Value of --gpus; `compose` where a device reservation asks for them."""
    runtime: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    """NVIDIA_* and CUDA_* only: others may hold secrets."""
    shm_size: str | None = None
    ipc: str | None = None
    ulimits: tuple[str, ...] = ()
    privileged: bool = False
    devices: tuple[str, ...] = ()
    """NVIDIA's devices that are passed in, nodes or CDI names."""
    security_opts: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    """First words of what runs in it."""
    asks_for_gpu: bool = False
    """By --gpus, the NVIDIA runtime, devices, or nvidia-docker."""
    seen: Seen


class Engine(Struct, frozen=True, kw_only=True):
    """A container engine that is installed."""

    name: str
    """docker, podman, containerd, apptainer, docker-desktop."""
    path: str
    snap: bool = False


class RuntimeFacts(Struct, frozen=True, kw_only=True):
    """Container runtimes on this machine, and what this container was given."""

    engines: tuple[Engine, ...] = ()
    rootless: bool = False
    """The user has a docker of their own."""
    toolkit: str | None = None
    """The path of the NVIDIA Container Toolkit's runtime, hook or nvidia-ctk."""
    runtimes: tuple[str, ...] = ()
    """Of daemon.json, by name."""
    default_runtime: str | None = None
    no_cgroups: bool | None = None
    """Of /etc/nvidia-container-runtime/config.toml; None: not set, which is false."""
    mode: str | None = None
    """auto, legacy, cdi, csv."""
    cdi_specs: tuple[str, ...] = ()
    """Files in /etc/cdi and /var/run/cdi that name nvidia."""
    seen: Seen | None = None
    """config.toml, the line that matters."""
    require_cuda: str | None = None
    """NVIDIA_REQUIRE_CUDA of this container."""
    disable_require: bool = False
    driver_files: tuple[str, ...] = ()
    """In a container: libraries of a driver version that lie in the image itself, not mounted from the host."""
    starts: tuple[ContainerStart, ...] = ()
    """From a paste."""
