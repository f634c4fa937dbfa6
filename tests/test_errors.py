"""Errors as other processes see them."""

import pickle

import pytest

from blackthorn.errors import BadValue, BlackthornError, MissingPackage, UnknownName


@pytest.mark.parametrize(
    "error",
    [
        BadValue("a dimension is 0", "use 1 or more"),
        UnknownName("layer", "con2d", ["conv2d", "dense"]),
        MissingPackage("onnx", "onnx>=1", "checking networks"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_of_another_process_is_the_same_error(error: BlackthornError):
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert (str(again), again.problem, again.remedy) == (str(error), error.problem, error.remedy)
