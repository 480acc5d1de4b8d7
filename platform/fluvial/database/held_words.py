"""Whether a text holds words: asked of PostgreSQL where its index of words does not say it.

SQLite asks Python (`kernel/search_words.py`).
"""

from __future__ import annotations

_STROKES, _PLAIN = "łøđðħıŧƒǥɨ''\u2019\u02bc`", "loddhitfgi"  # what has no partner goes
_LIGATURES = (("æ", "ae"), ("œ", "oe"), ("ß", "ss"), ("þ", "th"), ("ŋ", "n"))
_MARKS = "[\u0300-\u036f\u3099\u309a]"


def _folded() -> str:
    made = f"regexp_replace(normalize(fluvial_lower($1), NFKD), '{_MARKS}', '', 'g')"
    for letter, plain in _LIGATURES:
        made = f"replace({made}, '{letter}', '{plain}')"
    return f"normalize(translate({made}, '{_STROKES}', '{_PLAIN}'), NFC)"


# Short words begin words; others stand anywhere, and numbers whatever stands between their digits.
HOLDS = f"""create or replace function fluvial_holds(text, text) returns boolean
  language sql immutable strict parallel safe as $$
  select coalesce(bool_and(
    case when length(w) < 3 and w ~ '^[a-z]+$' then t ~ ('\\m' || w)
    else strpos(t, w) > 0 or (w ~ '^[0-9]+$' and strpos(d, w) > 0) end), false)
  from (select t, regexp_replace(t, '[^0-9]+', '', 'g') as d from (select {_folded()} as t) f) p,
    json_array_elements_text($2::json) w
  $$"""
