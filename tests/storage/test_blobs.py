"""Costly things in files: kept, found again, left out when damaged, and never more than fit."""

import os
from pathlib import Path

import pytest

from blackthorn.storage.blobs import BlobCache, cache_folder

OF = {"model": "a", "device": "b"}
CONTENT = bytes(range(256)) * 4


def a_cache(folder: Path, most_bytes: int = 10**6) -> BlobCache:
    return BlobCache(folder, ".blob", most_bytes)


def test_what_was_put_is_got(tmp_path: Path) -> None:
    a_cache(tmp_path / "new").put(OF, CONTENT)
    assert a_cache(tmp_path / "new").get(dict(reversed(OF.items()))) == CONTENT


def test_nothing_is_got_of_something_else(tmp_path: Path) -> None:
    cache = a_cache(tmp_path)
    cache.put(OF, CONTENT)
    assert cache.get({**OF, "device": "c"}) is None
    assert cache.get({}) is None


def test_a_file_under_another_name_is_not_believed(tmp_path: Path) -> None:
    cache = a_cache(tmp_path)
    cache.put(OF, CONTENT)
    other = {**OF, "device": "c"}
    cache.path(OF).rename(cache.path(other))
    assert cache.get(other) is None


@pytest.mark.parametrize("length", [0, 1, 50, 200, 600])
def test_half_a_file_is_not_believed(tmp_path: Path, length: int) -> None:
    cache = a_cache(tmp_path)
    cache.put(OF, CONTENT)
    cache.path(OF).write_bytes(cache.path(OF).read_bytes()[:length])
    assert cache.get(OF) is None


@pytest.mark.parametrize("place", [-1, -500, 20])
def test_a_changed_byte_is_found_out(tmp_path: Path, place: int) -> None:
    cache = a_cache(tmp_path)
    cache.put(OF, CONTENT)
    changed = bytearray(cache.path(OF).read_bytes())
    changed[place] ^= 1
    cache.path(OF).write_bytes(changed)
    assert cache.get(OF) is None


def test_the_first_line_tells_people_what_it_is(tmp_path: Path) -> None:
    cache = a_cache(tmp_path)
    cache.put(OF, CONTENT)
    assert cache.path(OF).read_bytes().startswith(b'{"of":{"model":"a","device":"b"},"bytes":1024,"sha256":"')


def test_what_was_used_last_stays(tmp_path: Path) -> None:
    cache = a_cache(tmp_path, most_bytes=3000)
    for age, name in enumerate("abc"):
        cache.put({"of": name}, CONTENT)
        os.utime(cache.path({"of": name}), (age, age))
    assert [cache.get({"of": name}) is not None for name in "abc"] == [False, True, True]


def test_reading_something_keeps_it_young(tmp_path: Path) -> None:
    cache = a_cache(tmp_path, most_bytes=3000)
    for age, name in enumerate("ab"):
        cache.put({"of": name}, CONTENT)
        os.utime(cache.path({"of": name}), (age, age))
    assert cache.get({"of": "a"}) is not None
    cache.put({"of": "c"}, CONTENT)
    assert [cache.get({"of": name}) is not None for name in "abc"] == [True, False, True]


def test_where_nothing_can_be_written_that_is_said_and_no_more(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("in the way")
    cache = a_cache(tmp_path / "file")
    cache.put(OF, CONTENT)
    assert "have to be made again" in caplog.text
    assert cache.get(OF) is None


def test_what_was_dropped_is_gone(tmp_path: Path) -> None:
    cache = a_cache(tmp_path)
    cache.put(OF, CONTENT)
    cache.drop(OF)
    cache.drop(OF)
    assert cache.get(OF) is None


def test_the_folder_is_the_users(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "blackthorn"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_folder() == Path.home() / ".cache" / "blackthorn"
