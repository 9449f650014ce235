"""Well-formed values that no table has: what is not known is said, with the nearest that is."""

from __future__ import annotations

from collections.abc import Iterable

from cudadoctor.recommend.model import Alternative, Reason, Recommendation, Request
from cudadoctor.versions import ComputeCapability, CudaVersion


def not_known(request: Request) -> Recommendation | None:
    """The answer for a request with a value that no table has, or None."""
    reasons: list[Reason] = []
    alternatives: list[Alternative] = []
    for ask in (_torch, _cuda, _python, _gpus, _jetson):
        reason, nearest = ask(request)
        if reason is not None:
            reasons.append(reason)
            alternatives.extend(nearest)
    if not reasons:
        return None
    return Recommendation(
        request=request, verdict="unknown", command=None, reasons=tuple(reasons), alternatives=tuple(alternatives)
    )


_JETSON_PAGE = (
    "With NVIDIA's wheel or container for your JetPack: "
    "https://docs.nvidia.com/deeplearning/frameworks/install-pytorch-jetson-platform/index.html"
)
Answer = tuple[Reason | None, list[Alternative]]
_KNOWN: Answer = (None, [])


def _torch(request: Request) -> Answer:
    from cudadoctor.compat import torch

    if request.torch is None or request.torch.value == "latest" or torch.resolve(request.torch.value) is not None:
        return _KNOWN
    text = f"torch {request.torch.value} is not a release known here (tables of {torch.release_source().read_on})"
    nearest = ", ".join(torch.nearest(request.torch.value))
    reason = Reason(rule="torch", text=f"{text}; the nearest: {nearest}", source=torch.release_source())
    return reason, _named(f"torch {one}" for one in torch.nearest(request.torch.value))


def _named(texts: Iterable[str]) -> list[Alternative]:
    return [Alternative(command=None, text=text) for text in texts]


def known_cudas() -> tuple[CudaVersion, ...]:
    """Every CUDA that some table names, oldest first."""
    from cudadoctor.compat import conda, drivers, torch

    found = {one.cuda for release in torch.releases() for one in release.cuda}
    found |= {one.cuda for one in conda.forge().cuda_versions}
    found |= {branch.cuda.cuda for branch in drivers.branches() if branch.cuda is not None}
    # 12.7 is what driver branch 565 reports; no toolkit of that number was ever released.
    found.discard(CudaVersion(12, 7))
    return tuple(sorted(found))


def cudas_of_torch() -> tuple[CudaVersion, ...]:
    """Every CUDA that some release of torch was built for, oldest first."""
    from cudadoctor.compat import torch

    return tuple(sorted({one.cuda for release in torch.releases() for one in release.cuda}))


def nearest_cudas(cuda: CudaVersion) -> tuple[CudaVersion, ...]:
    """The CUDA versions of torch builds around one, oldest first."""
    known = cudas_of_torch()
    below = [one for one in known if one <= cuda]
    above = [one for one in known if one > cuda]
    return (*below[-2:], *above[: 3 - len(below[-2:])])


def _cuda(request: Request) -> Answer:
    from cudadoctor.compat import torch

    if request.cuda is None or request.cuda.value is None or request.cuda.value.cuda in known_cudas():
        return _KNOWN
    cuda = request.cuda.value
    near = [one.release for one in nearest_cudas(cuda)]
    text = f"CUDA {cuda.release} is not a version known here (tables of {torch.release_source().read_on})"
    reason = Reason(rule="cuda", text=f"{text}; torch was built for {', '.join(near)}", source=torch.release_source())
    return reason, _named(f"CUDA {one}" for one in near)


def _python(request: Request) -> Answer:
    from cudadoctor.compat import torch

    if request.python is None:
        return _KNOWN
    known = {one for release in torch.releases() for _, many in release.pythons for one in many}
    python = request.python.value
    newest = max(known, key=_number)
    if python in known or _number(python) <= _number(newest):
        return _KNOWN
    text = f"Python {python} is newer than any torch build known here supports ({newest.removesuffix('t')})"
    return Reason(rule="python", text=text, source=torch.release_source()), _named(
        [f"Python {newest.removesuffix('t')}"]
    )


def _number(python: str) -> tuple[int, ...]:
    return tuple(int(part) for part in python.removesuffix("t").split("."))


def _gpus(request: Request) -> Answer:
    from cudadoctor.compat import gpus

    if request.gpus is None or (request.cuda is not None and request.cuda.value is None):
        return _KNOWN
    for gpu in request.gpus.value:
        if not gpu.capabilities:
            near = nearest_names(gpu.name or "") if gpu.name else ()
            more = f"; similar names: {', '.join(near)}" if near else ""
            shown = gpu.name or "a GPU"
            text = f"the compute capability of {shown} is not known, so neither are the builds that support it"
            hint = "Pass it with --arch; `nvidia-smi --query-gpu=compute_cap --format=csv` prints it"
            return Reason(rule="gpu", text=text + more, source=gpus.name_source()), _named([*near, hint])
        for capability in gpu.capabilities:
            if not _known_capability(capability):
                near_sm = ", ".join(str(one) for one in nearest_capabilities(capability))
                text = f"compute capability {capability} is not known, so neither are the builds that support it"
                text += f"; the nearest: {near_sm}"
                hint = f"--arch {near_sm.split(', ')[-1]}"
                return Reason(rule="gpu", text=text, source=gpus.name_source()), _named([hint])
    return _KNOWN


def _known_capability(capability: ComputeCapability) -> bool:
    from cudadoctor.compat import toolkits

    return capability in toolkits.known_anywhere() or (capability.major, capability.minor) in {(2, 0), (2, 1)}


def nearest_capabilities(capability: ComputeCapability) -> tuple[ComputeCapability, ...]:
    """The known capabilities on both sides."""
    from cudadoctor.compat import toolkits

    known = sorted(toolkits.known_anywhere())
    below = [one for one in known if one < capability]
    above = [one for one in known if one > capability]
    return (*below[-1:], *above[:1])


def nearest_names(name: str) -> tuple[str, ...]:
    """Names of GPUs that look like one."""
    import difflib

    from cudadoctor.compat._tables import table

    tables = table("gpus")
    known = {one for many in tables["names"].values() for one in many} | {one[1] for one in tables["pci"].values()}
    plain = {one.lower().replace("geforce ", "").replace("nvidia ", ""): one for one in known if one}
    wanted = name.lower().replace("geforce ", "").replace("nvidia ", "")
    return tuple(plain[one] for one in difflib.get_close_matches(wanted, list(plain), n=3, cutoff=0.75))


def _jetson(request: Request) -> Answer:
    """A board whose builds come from NVIDIA; what its index has changes, so no version is named."""
    from cudadoctor.compat import jetson

    if request.jetson is None or (request.cuda is not None and request.cuda.value is None):
        return _KNOWN
    found = jetson.torch_for(request.jetson)
    if found is None:
        text = (
            f"torch for {request.jetson} comes from NVIDIA, for its JetPack; which builds it offers is not known here"
        )
        return Reason(rule="platform", text=text), [Alternative(command=None, text=_JETSON_PAGE)]
    if found.upstream:
        return _KNOWN
    text = (
        f"torch for {request.jetson} comes from NVIDIA, for JetPack {found.jetpack}; PyTorch's wheels do not support it"
    )
    reason = Reason(rule="platform", text=text, source=found.source)
    if found.index is None or found.cuda is None:
        return reason, [Alternative(command=None, text=_JETSON_PAGE)]
    program = "uv pip" if request.manager.value == "uv" else "python -m pip"
    command = f"{program} install torch torchvision --index-url {found.index}"
    text = f"With NVIDIA's Jetson index, for JetPack {found.jetpack} (CUDA {found.cuda.release}, Python 3.10)"
    return reason, [Alternative(command=command, text=text), Alternative(command=None, text=_JETSON_PAGE)]
