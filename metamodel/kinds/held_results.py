"""What expressions that records hold may give, by the word for it in documents."""

from collections.abc import Mapping

from metamodel.expressions import types

HELD_TYPES: Mapping[str, types.Type] = {
    "text": types.TEXT,
    "number": types.NUMBER,
    "money": types.MONEY,
    "boolean": types.BOOLEAN,
    "date": types.DATE,
    "datetime": types.DATETIME,
    "duration": types.DURATION,
}
