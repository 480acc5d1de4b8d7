"""Working time in PostgreSQL: the arithmetic of `metamodel.calendars.calendar`, step for step.

A calendar comes as JSON: `special` lists [day, seconds before, seconds after, hours], `before` the
seconds of a week before each weekday. Days are counted from 0001-01-01, which is a Monday.
"""

from __future__ import annotations

from metamodel.calendars.calendar import MOST
from metamodel.calendars.zones import LAST

_SECOND = 1_000_000


def _sql(signature: str, gives: str, body: str) -> str:
    return (
        f"create or replace function fluvial_{signature} returns {gives}"
        f" language sql immutable strict parallel safe as $$ select {body} $$"
    )


def _code(signature: str, gives: str, declared: str, body: str) -> str:
    return (
        f"create or replace function fluvial_{signature} returns {gives}"
        f" language plpgsql immutable strict parallel safe as"
        f" $$ declare {declared} begin {body} end $$"
    )


_SPECIAL_FROM = """
  while low < high loop
    middle := (low + high) / 2;
    if (s->middle->>0)::bigint < n then low := middle + 1; else high := middle; end if;
  end loop;
"""

_HOURS = f"""
  high := jsonb_array_length(s);
  {_SPECIAL_FROM}
  if low < jsonb_array_length(s) and (s->low->>0)::bigint = n then return s->low->3; end if;
  return c->'week'->(n % 7)::int;
"""

_UNTIL = f"""
  high := jsonb_array_length(s);
  {_SPECIAL_FROM}
  if low = 0 then return fluvial_calendar_plain(c, n); end if;
  return (s->(low - 1)->>2)::bigint + fluvial_calendar_plain(c, n)
    - fluvial_calendar_plain(c, (s->(low - 1)->>0)::bigint + 1);
"""

_DAY = f"""
  n := least(greatest((t at time zone z)::date - date '0001-01-01', 0), {LAST});
  if n > 0 and t < fluvial_calendar_start(n, z) then return n - 1; end if;
  if n < {LAST} and t >= fluvial_calendar_start(n + 1, z) then return n + 1; end if;
  return n;
"""

_PLACE = f"""
  n := fluvial_calendar_day(c, t);
  passed := ((extract(epoch from t) - extract(epoch from fluvial_calendar_start(n, c->>'zone')))
    * {_SECOND})::bigint;
  made := fluvial_calendar_until(c, n) * {_SECOND};
  for span in select jsonb_array_elements(fluvial_calendar_hours(c, n)) loop
    start := (span->>0)::bigint * {_SECOND};
    made := made + least(greatest(passed - start, 0), (span->>1)::bigint * {_SECOND} - start);
  end loop;
  return made;
"""

_WITHIN = f"""
  if n < 0 or n > {LAST} then return null; end if;
  for span in select jsonb_array_elements(fluvial_calendar_hours(c, n)) loop
    start := (span->>0)::bigint;
    long := ((span->>1)::bigint - start) * {_SECOND};
    if rest < long or (first and rest = long) then exit; end if;
    rest := rest - long;
  end loop;
  made := fluvial_calendar_start(n, c->>'zone') + (start || ' seconds')::interval
    + (rest || ' microseconds')::interval;
  if extract(year from made at time zone 'UTC') between 1 and 9999 then return made; end if;
  return null;
"""

# The last special day that lies before the place decides: it is in it, or in a plain week behind.
_AT = f"""
  high := jsonb_array_length(s);
  while low < high loop
    middle := (low + high) / 2;
    reached := (s->middle->>1)::bigint * {_SECOND};
    if reached < place or (reached = place and not first) then low := middle + 1;
    else high := middle; end if;
  end loop;
  rest := place;
  if low > 0 then
    special := s->(low - 1);
    reached := (special->>2)::bigint * {_SECOND};
    if place < reached or (place = reached and first) then
      return fluvial_calendar_within(c, (special->>0)::bigint,
        place - (special->>1)::bigint * {_SECOND}, first);
    end if;
    base := (special->>0)::bigint + 1;
    rest := place - reached;
  end if;
  rest := rest + fluvial_calendar_plain(c, base) * {_SECOND};
  week := (c->'before'->>7)::bigint * {_SECOND};
  weeks := case when first then floor((rest - 1)::numeric / week)
    else floor(rest::numeric / week) end;
  rest := rest - weeks * week;
  n := 0;
  while n < 6 loop
    reached := (c->'before'->>(n + 1)::int)::bigint * {_SECOND};
    exit when rest < reached or (first and rest = reached);
    n := n + 1;
  end loop;
  return fluvial_calendar_within(c, weeks * 7 + n,
    rest - (c->'before'->>n::int)::bigint * {_SECOND}, first);
"""

_ADD = f"""
  if seconds = 0 then return t; end if;
  if abs(seconds) > {MOST} then return null; end if;
  return fluvial_calendar_at(
    c, fluvial_calendar_place(c, t) + seconds * {_SECOND}, seconds > 0);
"""

_OPEN = """
  n := fluvial_calendar_day(c, t);
  passed := extract(epoch from t) - extract(epoch from fluvial_calendar_start(n, c->>'zone'));
  return exists (select from jsonb_array_elements(fluvial_calendar_hours(c, n)) as span
    where passed >= (span->>0)::bigint and passed < (span->>1)::bigint);
"""

# In the order in which they build on one another.
WORKING: tuple[str, ...] = (
    _sql("calendar_start(bigint, text)", "timestamptz",
         "fluvial_start_of_day(date '0001-01-01' + $1::int, $2)"),
    _sql("calendar_plain(jsonb, bigint)", "bigint",
         "$2 / 7 * ($1->'before'->>7)::bigint + ($1->'before'->>($2 % 7)::int)::bigint"),
    _code("calendar_hours(c jsonb, n bigint)", "jsonb",
          "s jsonb := c->'special'; low int := 0; high int; middle int;", _HOURS),
    _code("calendar_until(c jsonb, n bigint)", "bigint",
          "s jsonb := c->'special'; low int := 0; high int; middle int;", _UNTIL),
    _code("calendar_day(c jsonb, t timestamptz)", "bigint",
          "z text := c->>'zone'; n bigint;", _DAY),
    _code("calendar_place(c jsonb, t timestamptz)", "bigint",
          "n bigint; passed bigint; made bigint; start bigint; span jsonb;", _PLACE),
    _code("calendar_within(c jsonb, n bigint, rest bigint, first boolean)", "timestamptz",
          "start bigint := 0; long bigint; span jsonb; made timestamptz;", _WITHIN),
    _code("calendar_at(c jsonb, place bigint, first boolean)", "timestamptz",
          "s jsonb := c->'special'; low int := 0; high int; middle int; reached bigint;"
          " special jsonb; base bigint := 0; rest bigint; week bigint; weeks bigint; n bigint;",
          _AT),
    _sql("working_time(timestamptz, timestamptz, jsonb)", "bigint",
         f"(fluvial_calendar_place($3, $2) - fluvial_calendar_place($3, $1)) / {_SECOND}"),
    _code("add_working_time(t timestamptz, seconds bigint, c jsonb)", "timestamptz", "", _ADD),
    _sql("working_days(bigint, jsonb)", "bigint",
         "case when (abs($1) * ($2->>'usual')::numeric * 2 + 86400)::numeric / 172800 <"
         f" {MOST} + 1 then sign($1)::bigint"
         " * floor((abs($1) * ($2->>'usual')::numeric * 2 + 86400) / 172800)::bigint end"),
    _code("is_open(t timestamptz, c jsonb)", "boolean", "n bigint; passed numeric;", _OPEN),
    _sql("is_working_day(date, jsonb)", "boolean",
         "jsonb_array_length(fluvial_calendar_hours($2, ($1 - date '0001-01-01')::bigint)) > 0"),
)  # fmt: skip
