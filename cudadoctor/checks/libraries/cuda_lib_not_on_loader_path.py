"""Finds a CUDA library that is there, where the loader does not look."""

from __future__ import annotations

from cudadoctor.checks.engine.base import Confidence, Problem, Result, Severity, check
from cudadoctor.checks.engine.sources import LD_SO
from cudadoctor.checks.shared.cuda_libraries import (
    cuda_on_path,
    fits,
    subject_of,
    toolkit_on_path,
    toolkit_with,
    torch_env,
)
from cudadoctor.checks.shared.machine import clean, rows, seen
from cudadoctor.checks.shared.messages import every
from cudadoctor.facts.envs import EnvFacts
from cudadoctor.facts.shell import ShellFacts
from cudadoctor.facts.symptom import Symptom
from cudadoctor.facts.toolkit import ToolkitInventory


@check("LD007", severity=Severity.ERROR)
def cuda_lib_not_on_loader_path(
    symptoms: tuple[Symptom, ...],
    envs: tuple[EnvFacts, ...] | None,
    toolkit: ToolkitInventory | None,
    shell: ShellFacts | None,
) -> Result:
    """A CUDA library that a program needs is on disk, and the loader does not look there.

    Why:
        PATH and CPATH serve the compiler; when a program starts, the loader looks in the directories that the program
        itself names (RPATH), in LD_LIBRARY_PATH, in its cache and in the system's own. A toolkit's lib64, and the
        nvidia/*/lib of wheels, are in none of these unless somebody put them there. torch finds its own wheels; other
        programs in the same environment (ctranslate2, onnxruntime, an extension compiled here) do not.

    How we know:
        "libcudart.so.12: cannot open shared object file: No such file or directory" (or libcublas, libcudnn and their
        like), and something shows that the file is on this machine: a toolkit that has it, ldconfig's cache, ldd, or
        PATH with a toolkit whose lib64 LD_LIBRARY_PATH lacks. "Unable to load any of {libcudnn_cnn.so.9…}" says it of
        cuDNN's parts. A name of another CUDA than torch's is `runtime-lib-version-mismatch`.

    Fix:
        Tell the loader where the library lies. For one shell: `export
        LD_LIBRARY_PATH=/usr/local/cuda-X.Y/lib64${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}`. For the machine, as root: write
        that directory into /etc/ld.so.conf.d/cuda.conf and run `ldconfig`.

        For wheels: import torch before the other program, which loads them; or take their directory from `python -c
        "import nvidia.cudnn, os; print(os.path.join(list(nvidia.cudnn.__path__)[0], 'lib'))"`.

        For an extension of your own: build it with `-Wl,-rpath,DIRECTORY`. cuDNN for the whole system: Ubuntu and
        Debian `apt-get install nvidia-cudnn`, or NVIDIA's `cudnn9-cuda-12`; RHEL-like `dnf install cudnn9-cuda-12`.

    Harmless when:
        Never: the program ends there. Where nothing tells that the file is on this machine, this is silent.

    Sources:
        https://man7.org/linux/man-pages/man8/ld.so.8.html
    """
    env = torch_env(envs)
    torch = env.torch if env is not None else None
    for one in every(symptoms, "cudnn-part-not-found"):
        yield Problem(
            subject=subject_of(envs, one),
            message=f"cuDNN was found, and the loader does not find {clean(one.values['library'])}, a part of it",
            evidence=rows(one.seen),
            source=LD_SO,
            confidence=Confidence.LIKELY,
        )
        return
    for one in every(symptoms, "cuda-library-not-found"):
        library = one.values["library"]
        if torch is not None and torch.cuda is not None and fits(library, torch.cuda.cuda) is False:
            continue  # runtime-lib-version-mismatch
        stem = library.partition(".so")[0]
        shown = [
            row
            for row in every(symptoms, "cuda-library-resolved", "cuda-library-in-cache")
            if row.values["library"] == library
        ]
        root = toolkit_with(library, toolkit)
        if root is None and not shown:
            named = toolkit_on_path(library, shell) if toolkit is None and not cuda_on_path(shell) else None
            if named is not None:
                yield Problem(
                    subject=subject_of(envs, one),
                    message=(
                        f"the loader does not find {clean(library)}; {clean(named[0])} is set up for the compiler, and "
                        "LD_LIBRARY_PATH does not have its lib64"
                    ),
                    evidence=rows(one.seen, seen("PATH, CPATH, CUDA_HOME", named[0])),
                    source=LD_SO,
                    confidence=Confidence.LIKELY if named[1] else Confidence.POSSIBLE,
                )
                return
            continue
        place = clean(root) if root is not None else clean(shown[0].values["path"])
        yield Problem(
            subject=subject_of(envs, one),
            message=f"the loader does not find {clean(library)}, and {place} has a {clean(stem)} of that version",
            evidence=rows(one.seen, seen(root, library) if root is not None else shown[0].seen),
            source=LD_SO,
            confidence=Confidence.LIKELY,
        )
        return
