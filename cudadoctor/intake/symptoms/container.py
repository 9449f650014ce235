"""What docker, podman, the NVIDIA container tools and NVIDIA's images say."""

from __future__ import annotations

from cudadoctor.intake.symptoms.row import Row

_MOBY = "https://github.com/moby/moby/blob/master/daemon/devices.go"
_TOOLKIT = "https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/troubleshooting.html"
_CDI = "https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/cdi-support.html"
_LIBNVIDIA = "https://github.com/NVIDIA/libnvidia-container"
_NVML = "https://docs.nvidia.com/deploy/nvml-api/group__nvmlDeviceEnumvs.html"
_SNAP = "https://snapcraft.io/docker"
_DESKTOP = "https://docs.docker.com/desktop/features/gpu/"

ROWS = (
    Row(
        kind="no-gpu-device-driver",
        word="could not select device driver",
        pattern=r"could not select device driver \\?[\"'](?P<driver>(?:nvidia|cdi)?)\\?[\"'] with capabilities",
        says="dockerd found nothing of NVIDIA's to hand a GPU over with",
        source=_MOBY,
    ),
    Row(
        kind="nvidia-runtime-unknown",
        word="runtime",
        pattern=r"unknown or invalid runtime name: nvidia|Unknown runtime specified nvidia|"
        r"no runtime for \\?\"nvidia\\?\" is configured|RuntimeHandler \\?\"nvidia\\?\" not supported",
        says="dockerd has no runtime of that name",
        source=_TOOLKIT,
    ),
    Row(
        kind="nvidia-hook-missing",
        word="executable file not found",
        pattern=r"exec: \\?\"(?P<program>nvidia-container-[a-z-]{3,12})\\?\": executable file not",
        says="a program of the NVIDIA Container Toolkit is not installed",
        source=_TOOLKIT,
    ),
    Row(
        kind="nvidia-hook-missing",
        word="fork/exec",
        pattern=r"fork/exec \S{1,60}/(?P<program>nvidia-container-[a-z-]{3,12}): no such file or directory",
        says="a program of the NVIDIA Container Toolkit is not installed",
        source=_TOOLKIT,
    ),
    Row(
        kind="cdi-device-unresolvable",
        word="unresolvable cdi devices",
        pattern=r"unresolvable CDI devices (?P<device>(?:[\w-]{1,24}\.){0,3}nvidia\.com/[\w-]{1,24}=[\w,:-]{1,60})",
        says="no CDI specification on the host describes the GPU",
        source=_CDI,
    ),
    Row(
        kind="container-requirement-unmet",
        word="unsatisfied condition",
        pattern=r"unsatisfied condition: (?P<name>cuda|driver)\s?(?P<sign>>=|>)\s?(?P<version>[\d.]{1,12}\d)",
        says="the image asks for a newer driver than the host has",
        source=_LIBNVIDIA,
    ),
    Row(
        kind="container-requirement-unmet",
        word="unsupported cuda version",
        pattern=r"unsupported CUDA version: driver [\d.]{1,6} < image (?P<version>[\d.]{1,4}\d)",
        says="the image asks for a newer driver than the host has",
        source="https://github.com/NVIDIA/nvidia-docker",
    ),
    Row(
        kind="nvml-library-not-found",
        word="libnvidia-ml.so.1",
        pattern=r"load library failed: libnvidia-ml\.so\.1: cannot open shared object file",
        says="the container tools found no driver library where they looked",
        source=_LIBNVIDIA,
    ),
    Row(
        kind="nvml-unknown-error",
        word="failed to initialize nvml",
        pattern=r"Failed to initialize NVML: Unknown Error",
        says="NVML could not open the GPU's device nodes for a reason that it has no name for",
        source=_TOOLKIT,
    ),
    Row(
        kind="nvml-insufficient-permissions",
        word="failed to initialize nvml",
        pattern=r"Failed to initialize NVML: Insufficient Permissions",
        says="NVML was not allowed to open the GPU's device nodes",
        source=_NVML,
    ),
    Row(
        kind="nvidia-node-eperm",
        word="eperm",
        pattern=r"open(?:at)?\([^)]{0,40}\"(?P<node>/dev/nvidia[\w-]{1,20})\"[^)]{0,60}\)\s{0,20}=\s-1 EPERM",
        says="opening the GPU's device node was refused although its mode was not the reason",
        source=_TOOLKIT,
    ),
    Row(
        kind="no-cgroups-true",
        word="no-cgroups",
        pattern=r"^[^#]{0,40}\bno-cgroups\s?=\s?true\b",
        says="the container tools were told to write no device rules",
        source=_TOOLKIT,
    ),
    Row(
        kind="selinux-denied-nvidia",
        word="avc:",
        pattern=r"avc:\s{1,4}denied\s{1,4}\{[^}]{1,60}\}.{1,200}?(?:nvidia|xserver_misc_device)",
        says="SELinux refused a container the GPU",
        source=_TOOLKIT,
    ),
    Row(
        kind="image-found-no-driver",
        word="the nvidia driver was not detected",
        pattern=r"WARNING: The NVIDIA Driver was not detected\.\s{0,4}GPU functionality will not be available",
        says="the start script of NVIDIA's image found no driver inside the container",
        source="https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/docker-specialized.html",
    ),
    Row(
        kind="driver-capabilities-asked",
        word="nvidia_driver_capabilities",
        pattern=r"NVIDIA_DRIVER_CAPABILITIES[\"']?\s?[=:]\s?[\"']?(?P<value>[a-z0-9,]{2,60})",
        says="the driver libraries that the container asks for",
        source="https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/docker-specialized.html",
    ),
    Row(
        kind="video-library-missing",
        word="cannot load lib",
        pattern=r"Cannot load lib(?P<library>nvcuvid|nvidia-encode)\.so\.1",
        says="the driver's video library is not there",
        source="https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/docker-specialized.html",
    ),
    Row(
        kind="container-prompt",
        word="@",
        pattern=r"^\[?[a-z_][\w-]{0,31}@[0-9a-f]{12}(?::| [~/][^\]]{0,80}\])",
        says="a shell whose host name is the id of a docker container",
        source="https://docs.docker.com/reference/cli/docker/container/run/#hostname",
    ),
    Row(
        kind="container-named",
        word="docker",
        pattern=r"(?:^|[\s$#])docker(?:-compose)? (?:exec|restart|start|attach|compose)\b",
        says="the text works with a running container",
        source="https://docs.docker.com/reference/cli/docker/",
    ),
    Row(
        kind="container-named",
        word="container",
        pattern=r"\b(?:inside|in|within) (?:[\w-]{1,12} ){0,3}containers?\b",
        says="the text speaks of what happens in a container",
        source="https://docs.docker.com/reference/cli/docker/",
    ),
    Row(
        kind="container-named",
        word="kubectl",
        pattern=r"(?:^|[\s$#])kubectl (?:exec|logs|describe|get)\b",
        says="the text works with a container of Kubernetes",
        source="https://kubernetes.io/docs/reference/kubectl/",
    ),
    Row(
        kind="systemd-reloaded",
        word="daemon-reload",
        pattern=r"\bdaemon-re(?:load|exec)\b",
        says="systemd was told to read its units anew: it then writes the device rules of running containers anew",
        source=_TOOLKIT,
    ),
    Row(
        kind="selinux-off",
        word="getenforce",
        pattern=r"\bgetenforce\b\W{1,12}(?:Permissive|Disabled)\b",
        says="SELinux refuses nothing here",
        source="https://man7.org/linux/man-pages/man8/getenforce.8.html",
    ),
    Row(
        kind="image-installs-driver",
        word="install",
        pattern=r"^\s{0,8}RUN .{0,900}?\b(?P<package>(?:nvidia-(?:driver|utils)|libnvidia-compute)-\d{3}|cuda-drivers)",
        says="a Dockerfile installs packages of the driver",
        source="https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/docker-specialized.html",
    ),
    Row(
        kind="docker-from-snap",
        word="snap install",
        pattern=r"\bsnap install (?:--[\w-]{1,20}(?:=\S{1,30})? ){0,3}docker(?![\w-])",
        says="docker was installed as a snap",
        source=_SNAP,
    ),
    Row(
        kind="docker-from-snap",
        word="snap",
        pattern=r"/snap/(?:bin/docker\b|docker/)|/var/snap/docker/|snap\.docker\.dockerd",
        says="docker runs as a snap",
        source=_SNAP,
    ),
    Row(
        kind="docker-desktop-named",
        word="docker",
        pattern=r"\bdocker[ -]desktop\b(?![^\n]{0,30}\b(?:mac|windows))",
        says="the text speaks of Docker Desktop",
        source=_DESKTOP,
    ),
    Row(
        kind="docker-desktop-linux",
        word="desktop-linux",
        pattern=r"\bdesktop-linux\b",
        says="the docker command talks to Docker Desktop",
        source=_DESKTOP,
    ),
    Row(
        kind="docker-desktop-linux",
        word=".docker/desktop/docker.sock",
        pattern=r"\.docker/desktop/docker\.sock",
        says="the docker command talks to Docker Desktop for Linux",
        source=_DESKTOP,
    ),
)
