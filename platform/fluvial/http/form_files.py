"""Files in the bodies of forms: only where a file is asked for."""

from __future__ import annotations

from collections.abc import Collection

from starlette.datastructures import FormData, UploadFile

from fluvial.kernel.problems import Unprocessable, fault

NOT_A_FILE = "It takes text, not a file."


def files_elsewhere(form: FormData, asked: Collection[str]) -> list[str]:
    """The members that hold a file although none is asked for there."""
    sent = [name for name, value in form.multi_items() if isinstance(value, UploadFile)]
    return [name for name in dict.fromkeys(sent) if name not in asked]


def refuse_files(form: FormData, asked: Collection[str]) -> None:
    """Refuse files that came in place of text: nobody would read them."""
    errors = [
        fault(f"/{name}", "not_a_file", f"`{name}` takes text, not a file.")
        for name in files_elsewhere(form, asked)
    ]
    if errors:
        raise Unprocessable(errors[0]["message"], errors=errors)
