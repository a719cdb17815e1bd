"""Every error is one sentence that says what happened, to which thing, and what to do."""

import inspect

import pytest

from digestbot.domain import errors

CLASSES = [c for c in vars(errors).values() if inspect.isclass(c) and issubclass(c, errors.DigestbotError)]
ARGUMENTS = {
    errors.ConfigError: (["a.toml: x: is no setting"],),
    errors.BadOption: ("length", "must be short, medium or long", "short"),
    errors.NotFound: ("feed", 7),
    errors.Ungrounded: (["Paris"],),
    errors.SchemaTooOld: ("0001", "0002"),
    errors.TooOften: ("“search”", 3.0),
    errors.NotVerbatim: ("bounds", "the passage is not in the article"),
}


@pytest.mark.parametrize("error_class", CLASSES)
def test_every_error_speaks(error_class):
    """Each class makes a single-line sentence, names the thing, and has a code of its own."""
    error = error_class(*ARGUMENTS.get(error_class, ("thing",)))
    assert str(error)
    assert "\n" not in str(error)
    assert error.code == error_class.code


def test_codes_are_unique():
    """No two classes share a code: logs and metrics tell them apart."""
    codes = [c.code for c in CLASSES]
    assert len(codes) == len(set(codes))


def test_the_module_draws_the_whole_tree():
    """Every class stands in the tree at the top of the module."""
    drawn = inspect.getdoc(errors) or ""
    assert not [c.__name__ for c in CLASSES if c.__name__ not in drawn]


def test_transient_errors_are_marked_in_the_tree():
    """A † stands at exactly the classes that may succeed later unchanged."""
    drawn = inspect.getdoc(errors) or ""
    for c in CLASSES:
        if c.transient:
            assert f"{c.__name__}†" in drawn, c.__name__
        else:
            assert f"{c.__name__}†" not in drawn, c.__name__
