"""Shares of a period in PostgreSQL: `metamodel.segments.units`, step for step."""

from __future__ import annotations

from metamodel.expressions.work import MOST_PARTS, TOO_MUCH
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
  if fluvial_add_months(f, {MAX_MONTHS}) < e
    and fluvial_add_months(f, {MAX_MONTHS + 1}) is not null then return null; end if;
  if s >= e then return 0; end if;
  i := fluvial_month_of(f, s); k := fluvial_month_of(f, e);
  if i = k then return fluvial_month_part(f, i, e - s); end if;
  return fluvial_month_part(f, i, fluvial_add_months(f, i + 1) - s)
    + (k - i - 1)::bigint * {MONTH} + fluvial_month_part(f, k, e - fluvial_add_months(f, k));
"""

_MONTH_OF = """
  number := (extract(year from d) - extract(year from f)) * 12
    + extract(month from d) - extract(month from f);
  return case when fluvial_add_months(f, number) <= d then number else number - 1 end;
"""

SEGMENTS: tuple[str, ...] = (
    "create or replace function fluvial_one_of_few(day date, parts bigint) returns date"
    f" language plpgsql immutable parallel safe as $$ begin if parts > {MOST_PARTS} then"
    f" raise exception '{TOO_MUCH}'; end if; return day; end $$",
    "create or replace function fluvial_month_of(f date, d date) returns integer"
    " language plpgsql immutable strict parallel safe as $$ declare number integer;"
    f" begin {_MONTH_OF} end $$",
    # Of the last month of the year 9999 nothing is counted.
    "create or replace function fluvial_month_part(f date, number integer, days integer)"
    " returns bigint language sql immutable parallel safe as $$ select coalesce("
    f"days::bigint * {MONTH}"
    " / (fluvial_add_months(f, number + 1) - fluvial_add_months(f, number)), 0) $$",
    "create or replace function"
    " fluvial_segment_units(s date, e date, f date, u date, convention text) returns numeric"
    " language plpgsql immutable strict parallel safe as $$ declare i integer; k integer;"
    f" begin {_UNITS} end $$",
)
