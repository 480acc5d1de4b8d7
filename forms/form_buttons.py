"""What the buttons and inputs of a record's form say beside its fields."""

from __future__ import annotations

from fluvial.http.call import Call
from fluvial.pages.sign_in import form_text
from metamodel.catalog import ObjectType


def button_text(call: Call, type_: ObjectType, name: str) -> str:
    """A member whose name begins with a dot, so that no field has it.

    Without the dot it is accepted where no field is called so.
    """
    return form_text(call, f".{name}") or ("" if name in type_.fields else form_text(call, name))
