"""An eighteenth kind of field, in one file: a number of stars."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from metamodel.errors import ValueFault
from metamodel.kinds.kind import Field, FieldCheck, TextFormat
from metamodel.kinds.number import Number

STAR, HOLLOW = "\N{BLACK STAR}", "\N{WHITE STAR}"


class Rating(Number):
    name = "rating"
    label = "Rating"
    like = "number"
    face = "tests.kinds.rating_face:RatingFace"
    icon = "star"
    words = "stars score review"
    about = "A number of stars."
    example = {"name": "stars", "kind": "rating", "most": 5}
    options = {
        "most": {
            "type": "integer",
            "minimum": 2,
            "maximum": 10,
            "description": "How many stars there are; 5 by default.",
        },
    }

    def check(self, field: Field, check: FieldCheck) -> None:
        """Its one option needs no more than its schema."""

    def scale(self, field: Field) -> int:
        return 0

    def parse(self, field: Field, raw: Any) -> Decimal:
        value, most = super().parse(field, raw), field.option("most", 5)
        if not 0 <= value <= most:
            raise ValueFault("too_many_stars", f"Give 0 to {most} stars.")
        return value

    def parse_text(self, field: Field, text: str, form: TextFormat) -> Decimal:
        stars = text.strip().rstrip(HOLLOW)
        if stars and set(stars) == {STAR}:
            return self.parse(field, len(stars))
        return super().parse_text(field, text, form)

    def show(self, field: Field, value: Decimal, locale: str = "en") -> str:
        given, most = int(value), int(field.option("most", 5))
        return STAR * given + HOLLOW * (most - given)
