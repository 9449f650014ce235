"""Every machine that is described, and every word that a user may type: a plan or one clear refusal, nothing else."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cudadoctor.api import plans as api_plan
from cudadoctor.errors import CudaDoctorError
from cudadoctor.remedies.install import names
from cudadoctor.remedies.install.planner import plan
from cudadoctor.remedies.install.request import Ground, RcFile
from cudadoctor.remedies.plan import AllOf, Condition, Fetch, Plan, Prints, Run, Tell, WriteFile, problems
from tests.machines.builder import build
from tests.machines.catalogue import CATALOGUE

from . import fresh

REQUESTS: tuple[dict[str, Any], ...] = (
    {},
    {"words": {"cuda": "10.1"}, "toolkit": True},
    {"words": {"cuda": "10.1", "manager": "conda"}, "driver": True, "shell_lines": True},
    {"words": {"manager": "uv", "torch": "2.5"}, "driver": True},
    {"words": {"cuda": "11.8"}, "as_published": True},
)


def plan_or_refusal(make: Callable[[], Plan]) -> Plan | str:
    """The plan; or the one line that refuses it."""
    try:
        return make()
    except CudaDoctorError as error:
        text = str(error)
    assert "\n" not in text
    return text


def sound(found: Plan) -> None:
    """What holds of every plan."""
    assert list(problems(found)) == []
    for one in found.steps:
        action = one.action
        if isinstance(action, Run):
            assert action.argv[0] not in ("sudo", "sh", "curl", "wget")
            assert all(word and "\0" not in word and "\n" not in word for word in action.argv)
            assert "--force-yes" not in action.argv
            assert not (action.needs_root and action.safety == "safe")
        if isinstance(action, Fetch):
            assert action.url.startswith(("https://", "file:///"))
        if isinstance(action, Tell):
            assert one.manual
            assert not one.needs_root or "reboot" in one.id  # whoever has no root asks the administrator for that too
        for path in (*one.makes, *one.touches):
            assert path.startswith("/")
            assert path not in ("/", found.home)
    manual = {one.id for one in found.steps if one.manual}
    # what waits for a person does so for a reason that only a person can bring about
    for one in found.steps:
        for need in set(one.needs) & manual:
            assert need.startswith(("driver", "python-venv", "toolkit")), (one.id, need)
    assert found.impossible is None or "\n" not in found.impossible


@pytest.mark.slow
@pytest.mark.parametrize("name", CATALOGUE)
def test_every_machine_gives_a_plan_or_one_clear_refusal(name: str) -> None:
    host = build(CATALOGUE[name].machine)
    for request in REQUESTS:
        found = plan_or_refusal(partial(api_plan.plan_install, host, fresh.asked(**request)))
        if isinstance(found, str):
            assert "name it with --cuda" in found
            continue
        sound(found)
        assert found.steps or found.impossible
    assert api_plan.plan_install(host, fresh.asked()) == api_plan.plan_install(host, fresh.asked())


_ODD = "abz09_-.+/~ $`'\"\\;&|<>(){}[]*?!#%=:,\n\r\t\x00\x1b\u202e\ud800é"
NASTY = st.text(
    alphabet=st.one_of(st.sampled_from(_ODD), st.characters()),
    max_size=40,
)  # fmt: skip


def looked_for(condition: Condition | None) -> list[str]:
    """Words of the programs that look, and paths."""
    if isinstance(condition, AllOf):
        return [word for one in condition.conditions for word in looked_for(one)]
    if isinstance(condition, Prints):
        return [word for word in condition.argv if "importlib" not in word]  # ours, whatever was typed
    return [condition.path] if condition is not None else []


def words_of(found: Plan) -> list[str]:
    listed = [word for one in found.steps if isinstance(one.action, Run) for word in one.action.argv]
    for one in found.steps:
        listed += [word for run in one.undo for word in run.argv] + looked_for(one.done_when)
    return listed + [one.action.path for one in found.steps if isinstance(one.action, (WriteFile, Fetch))]


@settings(max_examples=150, deadline=None)
@given(env=NASTY, home=NASTY, channel=NASTY, link=NASTY)
def test_what_a_user_types_stays_one_word_or_is_refused(env: str, home: str, channel: str, link: str) -> None:
    facts = fresh.facts_of("ubuntu1804-gtx1080ti-418-torch14-conda-no-toolkit")
    requests: tuple[dict[str, Any], ...] = (
        {"words": {"manager": "pip"}, "env": env},
        {"words": {"manager": "pip"}, "env": f"/{env}"},
        {"words": {"manager": "conda"}, "env": f"/{env}", "conda": "miniforge"},
        {"words": {"manager": "conda", "cuda": "10.1"}, "channels": (channel,), "toolkit": True},
        {"words": {"manager": "pip"}, "find_links": f"/{link}"},
        {"words": {"manager": "pip"}, "index_url": link},
    )
    for request in requests:
        block = RcFile(shell="bash", path=f"/{home}/.bashrc", shown="x", data=b"")
        asked = fresh.asked(**request)
        found = plan_or_refusal(partial(plan, facts, asked, home=f"/{home}", block=block, ground=Ground()))
        if isinstance(found, str):
            continue
        sound(found)
        for word in words_of(found):
            assert not any(ord(letter) < 32 or ord(letter) == 127 for letter in word)
            # an option of ours, or a word that no program takes for one
            if word.startswith("-"):
                assert word in KNOWN_OPTIONS, word


KNOWN_OPTIONS = {
    *("-y", "-p", "-c", "-m", "-b", "-i", "--override-channels", "--index-url", "--no-index", "--find-links"),
    *("--no-input", "--disable-pip-version-check", "--env", "--level", "--device", "--set", "--no-install-recommends"),
    *(
        "-f",
        "--extra-index-url",
        "--upgrade",
        "--purge",
        "-W",
        "-q",
        "-x",
        "-F",
        "-e",
        "-I",
        "--show",
        "-s",
        "--help",
        "--quiet",
    ),
}


@given(NASTY)
def test_names_are_names(text: str) -> None:
    try:
        word = names.env_word(text, "/home/me", "conda")
    except CudaDoctorError:
        return
    assert word
    assert not word.startswith("-")
    assert " " not in word
    assert ".." not in word.split("/")


@pytest.mark.parametrize(
    "text",
    ["", "-rf", "--prefix", "a b", "base", "a\nb", "$(id)", "../x", "a/b", "/", "/home/me", "/home", "/a:b", "x" * 101],
)
def test_no_name_for_an_environment(text: str) -> None:
    with pytest.raises(CudaDoctorError, match="--env"):
        names.env_word(text, "/home/me", "pip")


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://conda.anaconda.org/pytorch", ("conda.anaconda.org",)),
        ("pytorch", ("conda.anaconda.org",)),
        ("http://me:secret@mirror.example:3141/simple", ("mirror.example:3141",)),
        ("http://mirror.example/simple", ("mirror.example:80",)),
        ("https://mirror.example:443/simple", ("mirror.example",)),
        ("file:///srv/channel", ()),
        ("/srv/channel", ()),
    ],
)
def test_hosts(url: str, host: tuple[str, ...]) -> None:
    assert names.host_of(url) == host


def test_names_that_are_taken() -> None:
    assert names.env_word("torch-1.7.1", "/home/me", "conda") == "torch-1.7.1"
    assert names.env_word("/data//my env/", "/home/me", "pip") == "/data/my env"
    assert names.env_word("~/x", "/home/me", "pip") == "/home/me/x"
    assert names.conda_word("anaconda=2019.10") == ("anaconda3", "2019.10")
    assert names.conda_word("Miniforge3") == ("miniforge3", None)
    with pytest.raises(CudaDoctorError, match="--conda"):
        names.conda_word("mamba")
