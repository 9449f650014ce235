"""Says that torch and the toolkit in use are of different CUDA majors."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Problem, Result, Severity, also, check
from cudadoctor.checks.engine.sources import CPP_EXTENSION
from cudadoctor.checks.shared.machine import active, env_subject, rows, toolkit_shown, toolkits_in_use, torch_shown
from cudadoctor.checks.shared.messages import first, shown, subject, value
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.facts.symptom import Symptom
from cudadoctor.facts.toolkit import ToolkitInventory


@check("TK002", severity=Severity.INFO)
def toolkit_torch_mismatch(toolkit: ToolkitInventory, envs: tuple[EnvFacts, ...]) -> Result:
    """The toolkit in use and torch are of different CUDA majors, so extensions do not compile.

    Why:
        torch's extension builder compares the version of nvcc with the CUDA that torch was built with, and refuses
        where the major differs (flash-attn, apex, deepspeed …). torch itself does not use the toolkit.

    How we know:
        torch.version.cuda against the toolkit that CUDA_HOME or PATH names. In a text: "The detected CUDA version
        (12.4) mismatches the version that was used to compile PyTorch (11.8). Please make sure to use the same CUDA
        versions", or DeepSpeed's "Installed CUDA version 11.8 does not match the version torch was compiled with 12.1".

    Fix:
        To compile extensions: install the toolkit of torch's CUDA version beside the other and set CUDA_HOME to it for
        the build (without an administrator: `conda install -c nvidia cuda-toolkit=12.4`, then
        `export CUDA_HOME=$CONDA_PREFIX`); or install the torch that is built for the toolkit's CUDA; or use a prebuilt
        wheel of the extension. A different minor of the same major is only warned of.

    Harmless when:
        Nothing is compiled here, as for everybody who only uses wheels or conda packages.

    Sources:
        https://docs.pytorch.org/docs/stable/cpp_extension.html
    """
    env, used = active(envs), toolkits_in_use(toolkit)
    if env is None or env.torch is None or env.torch.cuda is None or not used:
        return
    one = used[0]
    if one.version is not None and one.version.major != env.torch.cuda.major:
        yield Problem(
            subject=env_subject(env),
            message=(
                f"{torch_shown(env, env.torch)} is built for CUDA {env.torch.cuda}, and a build here would use "
                f"{toolkit_shown(one)}"
            ),
            evidence=rows(env.torch.seen, one.seen),
            source=CPP_EXTENSION,
        )


@also(toolkit_torch_mismatch)
def in_messages(symptoms: tuple[Symptom, ...], envs: tuple[EnvFacts, ...] | None) -> Result:
    """The builder of an extension refused: here it is an error."""
    one = first(symptoms, "toolkit-of-extension-build")
    if one is None:
        return
    toolkit = one.values.get("toolkit")
    torch = one.values.get("torch") or value(symptoms, "torch-of-extension-build", "torch")
    yield Problem(
        subject=subject(envs),
        message=(
            f"{shown(envs)} is built for {f'CUDA {torch}' if torch else 'another CUDA'}, and the build of an extension "
            f"used {f'the toolkit of CUDA {toolkit}' if toolkit else 'the toolkit that is here'}"
        ),
        evidence=(one.seen,),
        source=CPP_EXTENSION,
        severity=Severity.ERROR,
    )
