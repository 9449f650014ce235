"""The values, typed here by hand: the shells are compared with them elsewhere."""

from __future__ import annotations

import pytest

from cudadoctor.shells import values


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("", "/t/lib64"),
        ("/a", "/t/lib64:/a"),
        ("/a:/t/lib64", "/a:/t/lib64"),
        (":/a:", "/t/lib64:/a"),
        ("/a;;/t/lib64;", "/a:/t/lib64"),
        ("::", "/t/lib64"),
    ],
)
def test_library_path(old: str, new: str) -> None:
    assert values.library_path(old, "/t/lib64") == new


@pytest.mark.parametrize(
    ("old", "conda", "new"),
    [
        ("", None, "/t/bin"),
        ("/usr/bin:/bin", None, "/t/bin:/usr/bin:/bin"),
        ("/usr/bin:/t/bin", None, "/usr/bin:/t/bin"),
        ("/c/bin:/usr/bin", "/c", "/c/bin:/t/bin:/usr/bin"),
        ("/usr/bin:/bin", "", "/t/bin:/usr/bin:/bin"),
    ],
)
def test_search_path(old: str, conda: str | None, new: str) -> None:
    assert values.search_path(old, "/t/bin", conda) == new
