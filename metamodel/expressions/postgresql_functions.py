"""Functions that a PostgreSQL database needs: the same meaning of every operation, in SQL."""

from __future__ import annotations

from metamodel.expressions.decimals import DIGITS, MAX_SECONDS
from metamodel.expressions.postgresql_segments import SEGMENTS
from metamodel.expressions.postgresql_working import WORKING
from metamodel.expressions.strings import MAX_TEXT
from metamodel.storage import MAX_DIGITS

_FIRST, _LAST = "date '0001-01-01'", "date '9999-12-31'"


def _sql(signature: str, gives: str, body: str) -> str:
    return (
        f"create or replace function fluvial_{signature} returns {gives}"
        f" language sql immutable strict parallel safe as $$ select {body} $$"
    )


def _code(signature: str, gives: str, body: str) -> str:
    """What cannot be read is empty."""
    return (
        f"create or replace function fluvial_{signature} returns {gives}"
        f" language plpgsql immutable strict parallel safe as $$ begin {body}"
        " exception when others then return null; end $$"
    )


def _steps(signature: str, gives: str, declared: str, body: str) -> str:
    """What is not one plain expression: SQL that is not put in place of its call costs more."""
    return (
        f"create or replace function fluvial_{signature} returns {gives}"
        f" language plpgsql immutable strict parallel safe as"
        f" $$ declare {declared} begin {body} end $$"
    )


def _folding(name: str) -> str:
    """Case by Unicode, which the plain collation of text may not know."""
    made = _sql(f"{name}(text)", "text", f'normalize({name}($1 collate "%s"), NFC)')
    wanted = " ".join(
        f"when exists (select from pg_collation where collname = '{one}') then '{one}'"
        for one in ("pg_c_utf8", "C.utf8", "C.UTF-8", "und-x-icu")
    )
    return f"""
        do $do$ declare found text := case {wanted} else 'default' end; begin
          execute replace($made${made}$made$, '%s', found);
        end $do$"""


_DIGITS = f"""
  if $1 = 0 then return 0; end if;
  if abs($1) >= 1 then return round($1, {DIGITS} - length(trunc(abs($1))::text)); end if;
  part := split_part(abs($1)::text, '.', 2);
  return round($1, {DIGITS} + length(part) - length(ltrim(part, '0')));
"""
# So many decimals that the rounding of the quotient itself cannot be seen.
_DIVIDE = """
  if $2 = 0 then return null; end if;
  return fluvial_digits(
    $1 * round(1::numeric, least(100 + length(trunc(abs($2))::text), 900)) / $2);
"""
# The same as tiers.py, band by band.
_TIERED = """(
  with listed as (
    select split_part(one, ':', 1)::numeric as first,
      nullif(split_part(one, ':', 2), '')::numeric as price
    from unnest(string_to_array($1, ', ')) as one where one not like ':%'
  ), bands as (
    select first, price, min(first) over () >= 1 as counted,
      case when min(first) over () >= 1 then first - 1 else first end as since
    from listed
  ), edges as (
    select *, lead(since) over (order by first) as after, min(since) over () as lowest from bands
  )
  select case
    when $2 < 0 or $3 not in ('look_up', 'fill_up') then null
    when (select count(*) = 0 or count(*) > count(distinct first) from listed) then null
    when $2 = 0 then 0
    when $3 = 'look_up' then (
      select fluvial_digits($2 * price) from edges
      where case when counted then since < $2 else first <= $2 end order by first desc limit 1)
    else (
      select case when max(lowest) <= 0 and count(*) = count(price)
        then fluvial_digits(sum((least($2, coalesce(after, $2)) - since) * price)) end
      from edges where since < $2)
  end
)"""
_UNIT_ENDS = (
    "case $2 when 'day' then $1 else (date_trunc($2, $1::timestamp) + case $2"
    " when 'week' then interval '7 days' when 'month' then interval '1 month'"
    " when 'quarter' then interval '3 months' else interval '1 year' end)::date - 1 end"
)
_MOMENT_TEXT = (
    r"^\d{4}-\d\d-\d\d[T ]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?$"
)

# In the order in which they build on one another.
FUNCTIONS: tuple[str, ...] = (
    _steps("digits(numeric)", "numeric", "part text;", _DIGITS),
    _sql("add(numeric, numeric)", "numeric", "fluvial_digits($1 + $2)"),
    _sql("subtract(numeric, numeric)", "numeric", "fluvial_digits($1 - $2)"),
    _sql("multiply(numeric, numeric)", "numeric", "fluvial_digits($1 * $2)"),
    _steps("divide(numeric, numeric)", "numeric", "", _DIVIDE),
    _sql("negate(numeric)", "numeric", "fluvial_digits(-$1)"),
    _sql("absolute(numeric)", "numeric", "fluvial_digits(abs($1))"),
    _sql("round(numeric, bigint)", "numeric", "round($1, $2::int)"),
    _sql("fix(numeric, bigint)", "numeric",
         f"case when abs(round($1, $2::int)) < 10::numeric ^ ({MAX_DIGITS} - $2)"
         " then round($1, $2::int) end"),
    _sql("fix(numeric, integer)", "numeric", "fluvial_fix($1, $2::bigint)"),
    _sql("floor(numeric)", "numeric", "floor($1)"),
    _sql("ceiling(numeric)", "numeric", "ceil($1)"),
    _sql("tiered(text, numeric, text)", "numeric", _TIERED),
    _sql("compare(numeric, numeric)", "bigint", "sign($1 - $2)::bigint"),
    _code("read_number(text)", "numeric",
          r"if $1 ~ '^-?[0-9]+(\.[0-9]+)?$' and length(translate($1, '-.', ''))"
          f" <= {DIGITS} then return $1::numeric; end if; return null;"),
    _sql("write_number(numeric, bigint)", "text",
         "case when $2 < 0 then trim_scale($1)::text else round($1, $2::int)::text end"),
    _sql("whole_seconds(numeric)", "bigint",
         f"case when abs(round($1)) <= {MAX_SECONDS} then round($1)::bigint end"),
    _sql("seconds(numeric, bigint)", "bigint", "fluvial_whole_seconds(fluvial_multiply($1, $2))"),
    _sql("months(numeric, bigint)", "bigint",
         f"case when abs(trunc($1)) <= {MAX_SECONDS} then trunc($1)::bigint * $2 end"),
    _sql("per_unit(bigint, bigint)", "numeric", "fluvial_divide($1, $2)"),
    _sql("add_durations(bigint, bigint)", "bigint", "fluvial_whole_seconds($1::numeric + $2)"),
    _sql("subtract_durations(bigint, bigint)", "bigint",
         "fluvial_whole_seconds($1::numeric - $2)"),
    _sql("scale_duration(bigint, numeric)", "bigint", "fluvial_seconds($2, $1)"),
    _sql("split_duration(bigint, numeric)", "bigint",
         "fluvial_whole_seconds(fluvial_divide($1, $2))"),
    _sql("ratio(bigint, bigint)", "numeric", "fluvial_divide($1, $2)"),
    _sql("write_duration(bigint)", "text",
         "case when $1 < 0 then '-' else '' end || abs($1) / 3600 || ':'"
         " || lpad((abs($1) % 3600 / 60)::text, 2, '0') || case when $1 % 60 = 0 then ''"
         " else ':' || lpad((abs($1) % 60)::text, 2, '0') end"),
    _sql("within(timestamptz)", "timestamptz",
         "case when $1 >= '0001-01-01T00:00:00Z'::timestamptz"
         " and $1 < '10000-01-01T00:00:00Z'::timestamptz then $1 end"),
    # Of a time that comes twice, the first.
    _sql("moment(timestamp, text)", "timestamptz",
         "fluvial_within(case when (($1 at time zone $2) - interval '1 hour') at time zone $2 = $1"
         " then ($1 at time zone $2) - interval '1 hour'"
         " when (($1 at time zone $2) - interval '30 minutes') at time zone $2 = $1"
         " then ($1 at time zone $2) - interval '30 minutes' else $1 at time zone $2 end)"),
    _sql("start_of_day(date, text)", "timestamptz", "fluvial_moment($1::timestamp, $2)"),
    _sql("local_date(timestamptz, text)", "date",
         f"case when ($1 at time zone $2)::date between {_FIRST} and {_LAST}"
         " then ($1 at time zone $2)::date end"),
    _sql("days_later(date, bigint)", "date",
         f"case when $2 between {_FIRST} - $1 and {_LAST} - $1 then $1 + $2::int end"),
    _sql("shift_date(date, bigint)", "date",
         "fluvial_days_later($1, floor($2 / 86400.0)::bigint)"),
    _sql("shift_moment(timestamptz, bigint)", "timestamptz",
         "case when abs($2) < 400000000000 then"
         " case when extract(year from ($1 + make_interval(hours => ($2 / 3600)::int))"
         " at time zone 'UTC') between 1 and 9999"
         " then $1 + make_interval(hours => ($2 / 3600)::int, secs => $2 % 3600) end end"),
    _sql("add_months(date, bigint)", "date",
         "case when extract(year from $1) * 12 + extract(month from $1) + $2"
         " between 13 and 120000 then ($1 + make_interval(months => $2::int))::date end"),
    _sql("add_months_to_moment(timestamptz, bigint, text)", "timestamptz",
         "fluvial_moment(fluvial_add_months(($1 at time zone $3)::date, $2)"
         " + ($1 at time zone $3)::time, $3)"),
    _sql("between_dates(date, date)", "bigint", "($1 - $2)::bigint * 86400"),
    _sql("between_moments(timestamptz, timestamptz)", "bigint",
         "trunc(extract(epoch from $1) - extract(epoch from $2))::bigint"),
    _sql("year(date)", "numeric", "extract(year from $1)"),
    _sql("month(date)", "numeric", "extract(month from $1)"),
    _sql("day(date)", "numeric", "extract(day from $1)"),
    _sql("weekday(date)", "numeric", "extract(isodow from $1)"),
    _sql("start_of_date(date, text)", "date", "date_trunc($2, $1::timestamp)::date"),
    _sql("end_of_date(date, text)", "date",
         f"case when ({_UNIT_ENDS}) <= {_LAST} then {_UNIT_ENDS} end"),
    _sql("start_of_moment(timestamptz, text, text)", "timestamptz",
         "case $2 when 'hour' then $1 - (($1 at time zone $3)"
         " - date_trunc('hour', $1 at time zone $3))"
         " else fluvial_moment(date_trunc($2, $1 at time zone $3), $3) end"),
    _sql("end_of_moment(timestamptz, text, text)", "timestamptz",
         "case $2 when 'hour' then fluvial_start_of_moment($1, $2, $3) + interval '1 hour' else"
         " fluvial_start_of_day(fluvial_end_of_date(fluvial_local_date($1, $3), $2) + 1, $3) end"),
    _code("read_date(text)", "date",
          r"if $1 ~ '^\d{4}-\d\d-\d\d$' then return $1::date; end if; return null;"),
    _code("read_moment(text, text)", "timestamptz",
          r"if $1 ~ '^\d{4}-\d\d-\d\d$' then return fluvial_start_of_day($1::date, $2); end if;"
          f" if $1 !~ '{_MOMENT_TEXT}' then return null; end if;"
          r" if $1 ~ '(Z|[+-]\d\d:\d\d)$' then"
          " return fluvial_within($1::timestamptz); end if;"
          " return fluvial_moment($1::timestamp, $2);"),
    _sql("write_date(date)", "text", "to_char($1, 'YYYY-MM-DD')"),
    _sql("write_moment(timestamptz)", "text",
         r"to_char($1 at time zone 'UTC', 'YYYY-MM-DD')"
         ' || to_char($1 at time zone \'UTC\', \'"T"HH24:MI:SS\')'
         r" || rtrim(rtrim(to_char($1 at time zone 'UTC', '.US'), '0'), '.') || 'Z'"),
    _sql("write_boolean(boolean)", "text", "$1::text"),
    _sql("short(text)", "text", f"case when length($1) <= {MAX_TEXT} then $1 end"),
    _folding("lower"),
    _folding("upper"),
    _sql("trim(text)", "text", r"nullif(btrim($1, E' \t\r\n\u00a0'), '')"),
    _sql("starts_with(text, text)", "boolean", "starts_with($1, $2)"),
    _sql("ends_with(text, text)", "boolean", "right($1, length($2)) = $2"),
    _sql("matches(text, text)", "boolean", "$1 collate \"C\" ~ ('^(?:' || $2 || ')$')"),
    *WORKING,
    *SEGMENTS,
)  # fmt: skip
