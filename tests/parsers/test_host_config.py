"""Guards of host_config.h, in the forms of several CUDA releases (written for these tests)."""

from __future__ import annotations

import pytest

from cudadoctor.parsers.host_config import HostLimits, parse


def guard(condition: str, *, error: str = "#error -- too new", outer: str = "#if defined(__GNUC__)") -> str:
    return f"{outer}\n#if {condition}\n{error}\n#endif /* {condition} */\n#endif\n"


@pytest.mark.parametrize(
    ("condition", "limit"),
    [
        ("__GNUC__ > 8", 8),
        ("__GNUC__ > 15", 15),
        ("__GNUC__ >= 12", 11),
        ("__GNUC__ > 4 || (__GNUC__ == 4 && __GNUC_MINOR__ > 9)", 4),
        ("(__GNUC__>6)", 6),
    ],
)
def test_gcc(condition: str, limit: int) -> None:
    assert parse(guard(condition)) == HostLimits(gcc_max=limit)


def test_clang_with_a_lower_bound_too() -> None:
    text = guard(
        "(__clang_major__ >= 21) || (__clang_major__ < 3) || ((__clang_major__ == 3) && (__clang_minor__ < 3))",
        outer="#if defined(__clang__) && !defined(__ICC) && !defined(__HORIZON__) && !defined(__APPLE__)",
    )
    assert parse(text) == HostLimits(clang_max=20)


def test_guards_of_other_platforms_do_not_count() -> None:
    text = guard("__clang_major__ > 10", outer="#if defined(__APPLE__) && defined(__MACH__)")
    text += guard("__GNUC__ > 5", outer="#if defined(__powerpc__)") + guard(
        "__clang_major__ >= 9", outer="#ifdef _WIN32"
    )
    assert parse(text) == HostLimits()
    assert parse(text + guard("__GNUC__ > 8")) == HostLimits(gcc_max=8)


@pytest.mark.parametrize("error", ["// #error -- too new", "/* #error -- too new */", ""])
def test_a_guard_that_somebody_took_out_refuses_nothing(error: str) -> None:
    assert parse(guard("__GNUC__ > 8", error=error)) == HostLimits()


def test_a_commented_guard_and_its_replacement() -> None:
    text = "//#if __GNUC__ > 8\n//#error x\n//#endif\n" + guard("__GNUC__ > 9")
    assert parse(text) == HostLimits(gcc_max=9)


@pytest.mark.parametrize(
    "text", ["", "#endif\n#endif\n", "#if\n#error\n", "#else\n#error __GNUC__ > 3", "/* open", "\0"]
)
def test_anything_else(text: str) -> None:
    assert parse(text) == HostLimits()


def test_continued_lines() -> None:
    assert parse("#if defined(__GNUC__) && \\\n    __GNUC__ > 13\n#error x\n#endif") == HostLimits(gcc_max=13)
