-- part: usage_sums
        count(*) AS calls, sum(u.prompt_tokens - u.cached_input_tokens - u.cache_write_5m_tokens - u.cache_write_1h_tokens
            - u.image_input_tokens) AS input, sum(u.cached_input_tokens) AS cached_input,
        sum(u.cache_write_5m_tokens + u.cache_write_1h_tokens) AS cache_write, sum(u.image_input_tokens) AS image_input,
        sum(u.completion_tokens - u.reasoning_tokens) AS output, sum(u.reasoning_tokens) AS reasoning, sum(u.images) AS images,
        sum(u.audio_seconds) AS audio_seconds, sum(u.tool_calls) AS tool_calls

-- part: usage_money
        sum(u.cost_microcredits)::bigint AS charged, count(u.list_cost_microcredits) AS listed_calls,
        coalesce(sum(u.cost_microcredits) FILTER (WHERE u.list_cost_microcredits IS NOT NULL), 0)::bigint AS listed_charged,
        coalesce(sum(u.list_cost_microcredits), 0)::bigint AS list_cost

-- part: usage_days
    FROM usage u
    WHERE u.create_time >= $1::timestamp AT TIME ZONE 'UTC' AND u.create_time < ($2::timestamp + interval '24 hours') AT TIME ZONE 'UTC'

-- part: usage_rows
SELECT sums.key::text AS id, sums.rank, sums.calls, sums.input, sums.cached_input, sums.cache_write, sums.image_input, sums.output,
    sums.reasoning, sums.images, sums.audio_seconds, sums.tool_calls, sums.charged, sums.listed_calls, sums.listed_charged, sums.list_cost

-- name: usage_range
-- The days $1 to $2, with the first of this month and today in place of NULL.
-- Params: $1 date, $2 date.
SELECT d.first::text AS first, d.last::text AS last, d.last - d.first + 1 AS days
FROM (SELECT coalesce($1::date, date_trunc('month', lc.now() AT TIME ZONE 'UTC')::date) AS first,
    coalesce($2::date, (lc.now() AT TIME ZONE 'UTC')::date) AS last) d;

-- name: usage_by_model
-- Usage of the days $1 to $2 (UTC), a row a model, the dearest first, after the row ($3, $4), at most $5.
-- Params: $1 date, $2 date, $3 bigint, $4 text, $5 integer.
WITH sums AS (
    SELECT u.model AS key, sum(u.cost_microcredits)::bigint AS rank,
@usage_sums
        ,
@usage_money
@usage_days
    GROUP BY u.model
)
@usage_rows
FROM sums WHERE sums.rank < $3::bigint OR (sums.rank = $3::bigint AND sums.key > $4::text)
ORDER BY sums.rank DESC, sums.key LIMIT $5::integer;

-- name: usage_by_provider
-- As usage_by_model, a row a provider.
-- Params: $1 date, $2 date, $3 bigint, $4 text, $5 integer.
WITH sums AS (
    SELECT u.provider AS key, sum(u.cost_microcredits)::bigint AS rank,
@usage_sums
        ,
@usage_money
@usage_days
    GROUP BY u.provider
)
@usage_rows
FROM sums WHERE sums.rank < $3::bigint OR (sums.rank = $3::bigint AND sums.key > $4::text)
ORDER BY sums.rank DESC, sums.key LIMIT $5::integer;

-- name: usage_by_user
-- As usage_by_model, a row a user.
-- Params: $1 date, $2 date, $3 bigint, $4 text, $5 integer.
WITH sums AS (
    SELECT u.user_id AS key, sum(u.cost_microcredits)::bigint AS rank,
@usage_sums
        ,
@usage_money
@usage_days
    GROUP BY u.user_id
)
@usage_rows
FROM sums WHERE sums.rank < $3::bigint OR (sums.rank = $3::bigint AND sums.key::text > $4::text)
ORDER BY sums.rank DESC, sums.key LIMIT $5::integer;

-- name: usage_by_key
-- As usage_by_model, a row an API key; the page has '' for its.
-- Params: $1 date, $2 date, $3 bigint, $4 text, $5 integer.
WITH sums AS (
    SELECT coalesce(s.key::text, '') AS key, s.charged AS rank, s.calls, s.input, s.cached_input, s.cache_write, s.image_input, s.output,
        s.reasoning, s.images, s.audio_seconds, s.tool_calls, s.charged, s.listed_calls, s.listed_charged, s.list_cost
    FROM (SELECT u.api_key_id AS key,
@usage_sums
        ,
@usage_money
@usage_days
    GROUP BY u.api_key_id) s
)
@usage_rows
FROM sums WHERE sums.rank < $3::bigint OR (sums.rank = $3::bigint AND sums.key > $4::text)
ORDER BY sums.rank DESC, sums.key LIMIT $5::integer;

-- name: usage_by_day
-- As usage_by_model, a row a day, the newest first.
-- Params: $1 date, $2 date, $3 bigint, $4 text, $5 integer.
WITH sums AS (
    SELECT s.day::date AS key, (s.day::date - date '2000-01-01')::bigint AS rank, s.calls, s.input, s.cached_input, s.cache_write,
        s.image_input, s.output, s.reasoning, s.images, s.audio_seconds, s.tool_calls, s.charged, s.listed_calls, s.listed_charged,
        s.list_cost
    FROM (SELECT date_bin('24 hours', u.create_time AT TIME ZONE 'UTC', timestamp '2000-01-01') AS day,
@usage_sums
        ,
@usage_money
@usage_days
    GROUP BY 1) s
)
@usage_rows
FROM sums WHERE sums.rank < $3::bigint AND $4::text IS NOT NULL
ORDER BY sums.rank DESC LIMIT $5::integer;

-- name: usage_in_all
-- As usage_by_model, in one row.
-- Params: $1 date, $2 date, $3 bigint, $4 text, $5 integer.
WITH sums AS (
    SELECT '' AS key, coalesce(sum(u.cost_microcredits), 0)::bigint AS rank,
@usage_sums
        ,
@usage_money
@usage_days
    HAVING count(*) > 0
)
@usage_rows
FROM sums WHERE sums.rank <= $3::bigint AND $4::text IS NOT NULL LIMIT $5::integer;

-- name: usage_of_user
-- Tokens of user $1 in month $2 ("2026-11"; NULL: this one), a row a day and a row a model. At least one row, for the month.
-- Params: $1 uuid, $2 text.
WITH m AS (
    SELECT x.first, to_char(x.first, 'YYYY-MM') AS month
    FROM (SELECT coalesce(to_date($2::text, 'YYYY-MM'), date_trunc('month', lc.now() AT TIME ZONE 'UTC')::date) AS first) x
), mine AS (
    SELECT (u.create_time AT TIME ZONE 'UTC')::date::text AS day, u.model,
@usage_sums
    FROM m JOIN usage u ON u.user_id = $1::uuid AND u.create_time >= m.first::timestamp AT TIME ZONE 'UTC'
        AND u.create_time < (m.first + interval '1 month') AT TIME ZONE 'UTC'
    GROUP BY GROUPING SETS (((u.create_time AT TIME ZONE 'UTC')::date), (u.model))
)
SELECT m.month, mine.day, mine.model, mine.calls, mine.input, mine.cached_input, mine.cache_write, mine.image_input, mine.output,
    mine.reasoning, mine.images, mine.audio_seconds, mine.tool_calls
FROM m LEFT JOIN mine ON true
ORDER BY mine.day, mine.model;
