"""Every error has a code, a hint, and words."""

import inspect

import pytest

from did import errors
from did.errors import DidError, IdError

CLASSES = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, IdError)]


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_every_error_says_what_and_what_next(kind: type[IdError]) -> None:
    error = kind("it broke")
    assert (error.detail, str(error)) == ("it broke", "it broke")
    assert error.code.replace("_", "").isalpha() and error.hint.endswith(".") and kind.__doc__
    assert kind("x", hint="Do this.").hint == "Do this."
    if isinstance(error, DidError):
        assert error.type_url.startswith("https://") and error.title
