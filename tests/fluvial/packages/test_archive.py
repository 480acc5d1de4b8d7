"""Zip files: within limits, inside their folder, and the same bytes for the same documents."""

from __future__ import annotations

import io
import stat
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fluvial.kernel.problems import Problem, TooLarge
from fluvial.packages import archive
from fluvial.packages.archive import packed, unpacked

NAMES = st.text("abcdefghijk_0123456789", min_size=1, max_size=8)
PATHS = st.lists(NAMES, min_size=1, max_size=3).map(lambda parts: "/".join(parts) + ".yaml")


def zipped(*members: tuple[str | zipfile.ZipInfo, str]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
        for name, text in members:
            made.writestr(name, text)
    return target.getvalue()


def files(body: bytes) -> dict[str, str]:
    with unpacked(body) as folder:
        paths = [path for path in folder.rglob("*") if path.is_file()]
        return {p.relative_to(folder).as_posix(): p.read_text("utf-8") for p in paths}


@settings(deadline=None, max_examples=15)
@given(st.dictionaries(PATHS, st.text(st.characters(codec="utf-8", exclude_characters="\r"))))
def test_what_is_packed_is_unpacked(texts: dict[str, str]) -> None:
    texts |= {"app.yaml": "app: sample\n"}
    body = packed(texts)
    assert files(body) == texts
    assert packed(dict(reversed(texts.items()))) == body


@pytest.mark.parametrize(
    "name",
    ["../app.yaml", "objects/../../x.yaml", "/etc/passwd", "..", "a\\b.yaml", "C:x.yaml",
     "a\nb.yaml", "a/" * 100 + "x.yaml", "."],
)  # fmt: skip
def test_paths_that_lead_outside(name: str) -> None:
    with pytest.raises(Problem, match="leads outside it"), unpacked(zipped((name, "x"))):
        pytest.fail("it was unpacked")


@pytest.mark.parametrize("folder", ["./", ".//", "././", "./objects/"])
def test_a_member_that_is_the_folder_itself_is_harmless(folder: str) -> None:
    body = zipped((folder, ""), ("./app.yaml", "app: sample"), ("./objects/book.yaml", "x"))
    assert files(body) == {"app.yaml": "app: sample", "objects/book.yaml": "x"}


def test_a_link_is_refused_by_its_name() -> None:
    link = zipfile.ZipInfo("objects/book.yaml")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with pytest.raises(Problem, match=r"a link: `objects/book.yaml`. Include the file itself"):
        files(zipped((link, "/etc/passwd")))


@pytest.mark.parametrize(
    ("limit", "value", "words"),
    [
        ("MAX_FILES", 1, "more than 1 files"),
        ("MAX_FILE", 9, "`b.yaml` is larger than 9 bytes"),
        ("MAX_TOTAL", 12, "The package is larger than 12 bytes"),
        ("MAX_ZIP", 20, "The zip file is larger than 20 bytes"),
    ],
)
def test_limits(monkeypatch: pytest.MonkeyPatch, limit: str, value: int, words: str) -> None:
    body = zipped(("app.yaml", "123"), ("b.yaml", "1234567890"))
    assert len(files(body)) == 2
    monkeypatch.setattr(archive, limit, value)
    with pytest.raises(TooLarge, match=words):
        files(body)
    if limit != "MAX_ZIP":
        monkeypatch.setattr(archive, limit, value + 1)
        assert len(files(body)) == 2


def test_two_members_of_one_name_whatever_their_case() -> None:
    with pytest.raises(Problem, match="contains `A.yaml` twice"):
        files(zipped(("a.yaml", "1"), ("A.yaml", "2")))


def test_a_file_where_a_folder_is_needed() -> None:
    with pytest.raises(Problem, match="conflicts with another file"):
        files(zipped(("a", "1"), ("a/b.yaml", "2")))


def test_what_other_systems_add_is_left_out() -> None:
    body = zipped(
        ("lending/app.yaml", "x"), ("__MACOSX/lending/._app.yaml", "y"), (".DS_Store", "z"),
        ("lending/objects/", ""), ("lending/.DS_Store", "z"),
    )  # fmt: skip
    assert files(body) == {"app.yaml": "x"}


def test_the_folder_with_the_app_is_its_root() -> None:
    assert files(zipped(("app.yaml", "1"), ("b/app.yaml", "2"))) == {
        "app.yaml": "1", "b/app.yaml": "2",
    }  # fmt: skip
    assert files(zipped(("a/x.yaml", "1"), ("b/app.yaml", "2"))) == {
        "a/x.yaml": "1", "b/app.yaml": "2",
    }  # fmt: skip


def test_the_folder_is_gone_afterwards() -> None:
    kept: list[Path] = []
    with pytest.raises(LookupError), unpacked(zipped(("app.yaml", "x"))) as folder:
        kept.append(folder)
        raise LookupError
    assert not kept[0].exists()


@pytest.mark.parametrize("body", [b"", b"no zip", zipped(("app.yaml", "x"))[:-9]])
def test_what_is_no_zip_file(body: bytes) -> None:
    with pytest.raises(Problem, match="not a valid zip file"):
        files(body)
