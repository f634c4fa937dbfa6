"""Sizes of caches, as systems tell them."""

from pathlib import Path

import pytest

from blackthorn.runners.processor_caches import last_cache_bytes


def told(root: Path, *sizes: str) -> Path:
    """A root folder below which a system tells of caches of such sizes."""
    for index, size in enumerate(sizes):
        entry = root / f"sys/devices/system/cpu/cpu0/cache/index{index}"
        entry.mkdir(parents=True)
        (entry / "size").write_text(f"{size}\n")
    return root


@pytest.mark.parametrize(
    ("sizes", "last"),
    [
        (("48K", "32K", "2048K", "266240K"), 260 * 2**20),
        (("32K", "1M"), 2**20),
        ((), 0),
        (("", "many", "K", "-1K", "²K"), 0),
    ],
)
def test_the_last_cache_is_the_largest(tmp_path: Path, sizes: tuple[str, ...], last: int) -> None:
    assert last_cache_bytes(told(tmp_path, *sizes)) == last
