"""Every finding has a cure that can be done where it is read."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import Any

import pytest

from cudadoctor.checks.engine import registry
from cudadoctor.checks.engine.base import Confidence, Severity
from cudadoctor.checks.engine.outcome import Finding
from cudadoctor.checks.engine.runner import run
from cudadoctor.facts.base import Facts
from cudadoctor.recommend.api import for_facts
from cudadoctor.remedies.find import BUILDERS, builder, remedy_for
from cudadoctor.remedies.plan import ByHand, Run, Tell, WriteFile
from cudadoctor.report import verdict
from cudadoctor.versions import CudaVersion
from tests.checks.loader import HERE, bases, build_facts, facts_of, merge, read

NAMES = [check.name for check in registry.all_checks()]
PLACES = {name: build_facts(table) for name, table in bases().items()}
PLACEHOLDER = re.compile(r"<[A-Za-z]|\bXXX\b|\{[a-z_]+\}|\bNone\b|TODO")
CASES: list[Any] = [
    pytest.param(case, id=f"{path.stem}-{case['why']}")
    for path in sorted((HERE / "cases").glob("*.toml"))
    for case in read(path)["fail"]
]


def _finding(name: str, subject: str = "machine") -> Finding:
    check = registry.find(name)
    return Finding(
        code=check.code if check else "XX001",
        name=name,
        severity=Severity.ERROR,
        confidence=Confidence.CERTAIN,
        subject=subject,
        message=name,
        evidence=(),
        source=None,
    )


def _text(step: ByHand) -> str:
    if isinstance(step, Run):
        return " ".join(step.argv) + " " + step.why
    return f"{step.path} {step.text} {step.why}" if isinstance(step, WriteFile) else step.text


def test_builders_are_of_checks() -> None:
    assert set(BUILDERS) - set(NAMES) == set()
    for name in BUILDERS:
        assert callable(builder(name))


def test_only_the_module_of_the_cure_in_need_is_imported() -> None:
    """Each module of cures brings half of the planner with it."""
    program = (
        "import sys; from cudadoctor.remedies import find; find.builder('gpu-recovery-needed'); "
        "print(*[name for name in sys.modules if name.startswith('cudadoctor.remedies.cures.')])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["cudadoctor.remedies.cures.gpu"]


@pytest.mark.parametrize("name", NAMES)
def test_every_name_has_a_cure_on_every_machine(name: str) -> None:
    for facts in (Facts(), *PLACES.values()):
        for subject in ("machine", "gpu:0", "env:/home/u/ml", "toolkit:/usr/local/cuda", "var:CUDA_HOME", "file:/x:1"):
            remedy = remedy_for(_finding(name, subject), facts)
            assert remedy.summary
            assert not remedy.summary.endswith(".")
            assert remedy.actions
            for step in remedy.actions:
                assert not PLACEHOLDER.search(_text(step)), _text(step)
                if isinstance(step, Run):
                    assert step.argv[0] != "sudo"
                    assert all(step.argv)


@pytest.mark.parametrize("case", CASES)
def test_the_cure_of_a_real_finding(case: dict[str, Any]) -> None:
    facts = facts_of(case)
    for finding in run(registry.all_checks(), facts).findings:
        remedy = remedy_for(finding, facts)
        assert remedy.actions
        assert not any(PLACEHOLDER.search(_text(step)) for step in remedy.actions)


_DRIVER_COMMANDS = ("ubuntu-drivers", "nvidia-driver", "nvidia-open", "modprobe", "dkms", "update-initramfs", "dracut")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("place", ["container", "bare-container", "wsl", "wsl-broken", "jetson"])
def test_no_driver_is_installed_where_it_does_not_belong(name: str, place: str) -> None:
    removing = name == "wsl-libcuda-shadowed"
    for step in remedy_for(_finding(name), PLACES[place]).actions:
        if isinstance(step, (Run, WriteFile)) and not removing:
            assert not any(word in _text(step) for word in _DRIVER_COMMANDS), _text(step)
        if isinstance(step, Tell) and re.search(r"[Ii]nstall the NVIDIA driver|[Rr]einstall the driver", step.text):
            assert re.search(r"host|Windows|JetPack", step.text), step.text


def _steps(name: str, base: str, subject: str = "machine", **facts: Any) -> tuple[ByHand, ...]:
    table = merge(bases()[base], facts)
    return remedy_for(_finding(name, subject), build_facts(table)).actions


def _runs(steps: tuple[ByHand, ...]) -> list[tuple[str, ...]]:
    return [step.argv for step in steps if isinstance(step, Run)]


@pytest.mark.parametrize(
    ("os", "expected"),
    [
        ({"id": "ubuntu", "version_id": "24.04"}, ("apt-get", "install", "-y", "nvidia-driver-580-server-open")),
        ({"id": "ubuntu", "version_id": "18.04"}, ("ubuntu-drivers", "autoinstall")),
        (
            {"id": "pop", "id_like": ["ubuntu", "debian"], "version_id": "22.04"},
            ("apt-get", "install", "-y", "system76-driver-nvidia"),
        ),
        (
            {"id": "rocky", "id_like": ["rhel", "centos", "fedora"], "version_id": "9.4"},
            ("dnf", "install", "-y", "nvidia-open"),
        ),
        ({"id": "rhel", "version_id": "10.0"}, ("dnf", "install", "-y", "nvidia-open")),
    ],
)
def test_the_driver_comes_by_the_distributions_own_way(os: dict[str, Any], expected: tuple[str, ...]) -> None:
    steps = _steps("driver-not-installed", "no-driver", os=os)
    assert any((*argv[: len(expected) - 1], argv[-1]) == expected for argv in _runs(steps))
    assert all(step.needs_root for step in steps if isinstance(step, Run))


def test_debian_gets_headers_of_its_architecture() -> None:
    os = {"id": "debian", "version_id": "12", "arch": "aarch64"}
    assert any("linux-headers-arm64" in argv for argv in _runs(_steps("driver-not-installed", "no-driver", os=os)))


def test_an_unknown_distribution_is_told_in_words() -> None:
    assert _runs(_steps("driver-not-installed", "no-driver", os={"id": "gentoo", "id_like": []})) == []


def test_an_old_gpu_is_not_led_to_a_branch_that_dropped_it() -> None:
    old = [{"index": 0, "pci_bus_id": "0000:01:00.0", "compute_capability": "6.1"}]
    os = {"id": "rocky", "id_like": ["rhel"], "version_id": "9.4"}
    assert not any(
        "nvidia-open" in argv for argv in _runs(_steps("driver-not-installed", "no-driver", os=os, gpus=old))
    )
    runs = _runs(_steps("gpu-dropped-by-driver", "refusing", "gpu:0", gpus=old))
    assert any(argv[:2] == ("apt-get", "install") and argv[-1] == "nvidia-driver-580-server" for argv in runs)


def test_a_user_without_root_is_told_whom_to_ask() -> None:
    assert any("administrator" in _text(step) for step in _steps("driver-not-installed", "no-driver"))
    assert not any(
        "administrator" in _text(step) for step in _steps("driver-not-installed", "no-driver", os={"uid": 0})
    )


def test_a_container_is_started_again_in_its_own_engines_way() -> None:
    for kind, word in (
        ("docker", "--gpus all"),
        ("podman", "nvidia.com/gpu=all"),
        ("apptainer", "--nv"),
        ("kubernetes", "limit"),
    ):
        steps = _steps("container-without-gpu-access", "bare-container", os={"container": kind})
        assert any(word in _text(step) for step in steps)


def test_variables_are_unset_in_the_users_shell() -> None:
    for shell, word in (("bash", "unset CUDA"), ("fish", "set -e CUDA"), ("tcsh", "unsetenv CUDA")):
        steps = _steps("visible-devices-hides-gpus", "server", "var:CUDA_VISIBLE_DEVICES", shell={"shell": shell})
        assert any(word in _text(step) for step in steps)


def test_a_typo_is_corrected_where_it_stands() -> None:
    shell = {
        "entries": [
            {
                "variable": "LD_LIBRARY_PATH",
                "text": "/usr/loacl/cuda/lib64",
                "exists": False,
                "suggestion": "/usr/local/cuda/lib64",
            }
        ],
        "rc_lines": [
            {"line": 3, "text": "export LD_LIBRARY_PATH=/usr/loacl/cuda/lib64", "variable": "LD_LIBRARY_PATH"}
        ],
    }
    facts = build_facts(merge(bases()["server"], {"shell": shell}))
    finding = next(one for one in run(registry.all_checks(), facts).findings if one.name == "ld-path-entry-missing")
    steps = remedy_for(finding, facts).actions
    assert any("/home/u/.bashrc line 3" in _text(step) and "/usr/local/cuda/lib64" in _text(step) for step in steps)


# The torch that fits


def _choice(**facts: Any) -> tuple[str, str] | None:
    built = build_facts(merge(bases()["server"], facts))
    found = for_facts(built, (built.envs or ())[0])
    if found.verdict != "ok" or found.choice is None or found.choice.cuda is None:
        return None
    cuda = CudaVersion.parse(found.choice.cuda)
    assert cuda is not None
    return found.choice.torch, cuda.tag


def _cuda(text: str) -> tuple[int, int]:
    return int(text[2:-1]), int(text[-1])


def _gpu(capability: str) -> list[dict[str, Any]]:
    return [{"index": 0, "pci_bus_id": "0000:01:00.0", "compute_capability": capability}]


def test_the_build_is_one_that_the_driver_serves() -> None:
    for version, cuda, most in (
        ("580.95.05", "13.0", (13, 9)),
        ("535.183.01", "12.2", (12, 9)),
        ("470.256.02", "11.4", (11, 8)),
    ):
        found = _choice(driver={"version": version, "cuda_version": cuda})
        assert found is None or _cuda(found[1]) <= most
    assert _choice(driver={"version": "535.183.01", "cuda_version": "12.2"}) is not None


def test_the_build_has_code_for_every_gpu() -> None:
    found = _choice(gpus=_gpu("6.1"))
    assert found is not None
    assert _cuda(found[1]) <= (12, 6), "CUDA 12.8 and 13 builds have nothing for Pascal"
    blackwell = _choice(gpus=_gpu("12.0"))
    assert blackwell is not None
    assert _cuda(blackwell[1]) >= (12, 8)


def test_the_build_is_there_for_this_python() -> None:
    env = {"active": True, "python": "/home/u/ml/bin/python", "python_version": "3.8.18"}
    found = _choice(envs=[env])
    assert found is not None
    assert found[0].startswith("2.4")


def test_nothing_is_chosen_where_something_is_not_known() -> None:
    assert _choice(gpus=[{"index": 0}]) is None
    assert _choice(os={"jetson": "Orin"}) is None
    assert _choice(os={"arch": "ppc64le"}) is None


def test_a_cpu_build_is_replaced_in_its_own_environment() -> None:
    env = {
        "active": True,
        "python": "/home/u/ml/bin/python",
        "python_version": "3.11.7",
        "packages": {"torchvision": "0.20.1+cpu"},
        "torch": {"version": "2.5.1+cpu", "build": "cpu", "live": {"outcome": "ok", "is_available": False}},
    }
    runs = _runs(_steps("cpu-only-build", "server", "env:/home/u/ml", envs=[env]))
    assert all(argv[0] == "/home/u/ml/bin/python" for argv in runs)
    install = runs[-1]
    assert any(word.startswith("torch==") for word in install)
    assert any(word.startswith("torchvision==") for word in install)
    assert install[install.index("--index-url") + 1].startswith("https://download.pytorch.org/whl/cu")


def test_set_up_has_an_answer_for_every_machine() -> None:
    for facts in PLACES.values():
        found = verdict.set_up(facts, ()).install
        torch = next((env.torch for env in facts.envs or () if env.active), None)
        assert (found is None) == (torch is not None)
        assert found is None or found.commands or found.reasons


@pytest.mark.parametrize(
    ("code", "why", "words"),
    [
        ("CL002", "older than torch, and it failed", "nvidia-nvjitlink-cu12==12.4.*"),
        ("LD001", "the search was followed, and the toolkit wins", "env -u LD_LIBRARY_PATH"),
        ("CL006", "an older one wins", "env -u LD_LIBRARY_PATH"),
        ("LD005", "an old triton, and the cache has no plain name", "LIBRARY_PATH"),
        ("CL001", "the status", "nvidia-cudnn-cu12"),
    ],
)
def test_libraries_have_their_cures(code: str, why: str, words: str) -> None:
    table = read(HERE / "cases" / f"{code}.toml")
    case = next(one for one in table["fail"] if one["why"] == why)
    facts = facts_of(case)
    (check,) = [one for one in registry.all_checks() if one.code == code]
    finding = run((check,), facts).findings[0]
    assert words in str(remedy_for(finding, facts))


def test_a_page_becomes_one_step_for_each_of_its_paragraphs() -> None:
    """Where no builder is: the Fix section of its page; its first sentence is the cure in one line."""
    from cudadoctor.checks.engine.docs import page

    check = registry.find("triton-toolchain-missing")
    assert check is not None
    remedy = remedy_for(_finding(check.name), Facts())
    assert [_text(step) for step in remedy.actions] == page(check.doc).fix.split("\n\n")
    assert len(remedy.actions) > 1
    assert remedy.summary == "Install a C compiler and the headers of this Python"


def test_no_cure_in_one_line_has_two_paragraphs() -> None:
    for check in registry.all_checks():
        assert "\n" not in remedy_for(_finding(check.name), Facts()).summary


@pytest.mark.parametrize(
    ("os", "packages", "expected"),
    [
        (
            {"id": "ubuntu", "version_id": "22.04"},
            [{"name": "nvidia-driver-580-server-open", "version": "580.95.05-0ubuntu0.22.04.1"}],
            ("apt-get", "install", "-y", "nvidia-fabricmanager-580"),
        ),
        (
            {"id": "rocky", "version_id": "9.4"},
            [{"name": "nvidia-driver", "version": "580.95.05-1.el9"}],
            ("dnf", "install", "-y", "nvidia-fabricmanager-580.95.05"),
        ),
        ({"id": "debian", "version_id": "12"}, [{"name": "nvidia-driver", "version": "535.247.01-1"}], None),
    ],
)
def test_the_fabric_manager_that_is_started_is_installed_first(
    os: dict[str, Any], packages: list[dict[str, Any]], expected: tuple[str, ...] | None
) -> None:
    facts: dict[str, Any] = {
        "driver": {"version": "580.95.05", "loaded": True},
        "distro": {"packages": packages},
        "services": {},
    }
    steps = _steps("fabric-manager-not-running", "no-driver", "machine", os=os, **facts)
    runs = _runs(steps)
    start = ("systemctl", "enable", "--now", "nvidia-fabricmanager")
    assert runs[-1] == start
    assert runs[:-1] == ([expected] if expected else [])
    assert expected or any("Install nvidia-fabricmanager of version 580.95.05" in _text(step) for step in steps)
