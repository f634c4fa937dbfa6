"""Small forests: what holds of rivals holds of few trees as of many, and many take long to grow."""

from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True, scope="package")
def few_trees() -> Iterator[None]:
    """Fewer trees while these tests run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("blackthorn.rivals.forests.TREES", 30)
        patch.setattr("blackthorn.rivals.gradient_boosting.MOST_TREES", 30)
        yield
