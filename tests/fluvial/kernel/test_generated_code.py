"""Generated code: bound values, checked texts, and tracebacks that name what it is for."""

import traceback

import pytest

from fluvial.kernel.generated_code import Code


def test_values_reach_the_source_by_names_only() -> None:
    code = Code("read book")
    double = code.name(lambda x: 2 * x)
    made = code.function("r", f"{{{code.key('size')}: {double}(r[0])}}")
    assert made([21]) == {"size": 42}


def test_a_text_that_is_no_name_is_bound_instead_of_written() -> None:
    code = Code("read book")
    hostile = '\'}) or __import__("os").system("true") or ({\''
    assert code.key(hostile).isidentifier()
    assert code.function("r", f"{{{code.key(hostile)}: r}}")(1) == {hostile: 1}


@pytest.mark.parametrize("source", ["'two words'", "f'{r}-x'", "{'a': 'b;c'}"])
def test_source_with_any_other_text_is_refused(source: str) -> None:
    with pytest.raises(AssertionError, match="may not enter generated source"):
        Code("read book").function("r", source)


def test_generated_code_calls_nothing_that_was_not_bound() -> None:
    with pytest.raises(NameError):
        Code("read book").function("r", "open(r)")("/etc/passwd")


@pytest.mark.parametrize("value", [None, "", [], False, 7, "a title", {"a": 1}])
def test_a_literal_is_the_value(value: object) -> None:
    code = Code("read book")
    assert code.function("r", code.literal(value))(None) == value


def test_a_traceback_names_what_the_code_is_for() -> None:
    code = Code("read book")
    made = code.procedure("r", ["x = r[0]", "return x"])
    with pytest.raises(IndexError) as caught:
        made([])
    assert traceback.extract_tb(caught.value.__traceback__)[-1].filename == "<read book>"
