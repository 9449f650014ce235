"""A subject is printed and read in one place, and nothing is lost on the way."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cudadoctor.facts.subject import Env, File, Gpu, Machine, Other, Subject, Toolkit, Var, parse


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        ("machine", Machine()),
        ("gpu:0", Gpu(0)),
        ("env:/opt/my env", Env("/opt/my env")),
        ("toolkit:/usr/local/cuda-12.4", Toolkit("/usr/local/cuda-12.4")),
        ("var:CUDA_HOME", Var("CUDA_HOME")),
        ("file:/home/u/.bashrc:12", File("/home/u/.bashrc", 12)),
        ("file:/dev/nvidia0", File("/dev/nvidia0")),
        ("file:/odd:name/x", File("/odd:name/x")),
        ("gpu:0000:01:00.0", Gpu("0000:01:00.0")),
        ("gpu:007", Gpu("007")),
        ("node:a", Other("node:a")),
    ],
)
def test_each_kind(text: str, subject: Subject) -> None:
    assert parse(text) == subject
    assert str(subject) == text


@given(
    st.one_of(
        st.text(), st.builds(lambda kind, rest: kind + rest, st.sampled_from(["gpu:", "file:", "env:"]), st.text())
    )
)
def test_any_text_comes_back(text: str) -> None:
    assert str(parse(text)) == text
