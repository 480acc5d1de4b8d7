"""Shares of a period in PostgreSQL: `metamodel.segments.units`, step for step."""

from __future__ import annotations

from metamodel.segments import ACTUAL_MONTH, ACTUAL_PERIOD, MAX_MONTHS, MONTH, NONE, THIRTY

_THIRTY = (
    "extract(year from {0}) * 360 + extract(month from {0}) * 30 + least(extract(day from {0}), 30)"
)
_UNITS = f"""
  s := greatest(s, f); e := least(e, u);
  if convention = '{NONE}' then return case when s <= f and f < e then 1 else 0 end; end if;
  if convention = '{THIRTY}' then
    return greatest(({_THIRTY.format("e")}) - ({_THIRTY.format("s")}), 0);
  end if;
  if convention = '{ACTUAL_PERIOD}' then return greatest(e - s, 0); end if;
  if convention <> '{ACTUAL_MONTH}' then return null; end if;
  b := f;
  for number in 1..{MAX_MONTHS + 1} loop
    if b >= e or b >= u then return made; end if;
    following := fluvial_add_months(f, number);
    if following is null then return made; end if;
    made := made + greatest(least(e, following) - greatest(s, b), 0)::bigint * {MONTH}
      / (following - b);
    b := following;
  end loop;
  return null;
"""

SEGMENTS: tuple[str, ...] = (
    "create or replace function"
    " fluvial_segment_units(s date, e date, f date, u date, convention text) returns numeric"
    " language plpgsql immutable strict parallel safe as $$ declare b date; following date;"
    f" made bigint := 0; begin {_UNITS} end $$",
)
