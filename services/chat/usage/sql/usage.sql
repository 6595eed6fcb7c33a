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

-- part: usage_all
sum(r.calls)::bigint AS calls, sum(r.input)::bigint AS input, sum(r.cached_input)::bigint AS cached_input,
    sum(r.cache_write)::bigint AS cache_write, sum(r.image_input)::bigint AS image_input, sum(r.output)::bigint AS output,
    sum(r.reasoning)::bigint AS reasoning, sum(r.images)::bigint AS images, sum(r.audio_seconds)::bigint AS audio_seconds,
    sum(r.tool_calls)::bigint AS tool_calls, sum(r.charged)::bigint AS charged, sum(r.listed_calls)::bigint AS listed_calls,
    sum(r.listed_charged)::bigint AS listed_charged, sum(r.list_cost)::bigint AS list_cost

-- part: usage_rows
SELECT sums.key::text AS id, sums.rank, sums.calls, sums.input, sums.cached_input, sums.cache_write, sums.image_input, sums.output,
    sums.reasoning, sums.images, sums.audio_seconds, sums.tool_calls, sums.charged, sums.listed_calls, sums.listed_charged, sums.list_cost

-- name: usage_range
-- The days $1 to $2, with the first of this month and today in place of NULL.
-- Params: $1 date, $2 date.
SELECT d.first::text AS first, d.last::text AS last, d.last - d.first + 1 AS days
FROM (SELECT coalesce($1::date, date_trunc('month', lc.now() AT TIME ZONE 'UTC')::date) AS first,
    coalesce($2::date, (lc.now() AT TIME ZONE 'UTC')::date) AS last) d;

-- name: usage_list
-- Usage of the days $1 to $2 (UTC), a row for each $6 ('MODEL', 'PROVIDER', 'USER', 'KEY', where the page has '', 'DAY', or 'TOTAL'), the dearest
-- first and days the newest first, after the row ($3, $4), at most $5. It is usage_sum and the rows that are not in it yet. A month is read as one
-- sum when all days of it with usage are asked for. After a restore from a dump transactions count from a lower number, and until the next
-- usage_rollup_check usage_sum is not believed. OFFSET 0: each span is one look into the index, though nobody has analyzed a new table. The rows of a page are found by
-- their charges alone, and only these are summed: a month may have many thousands of users.
-- Params: $1 date, $2 date, $3 bigint, $4 text, $5 integer, $6 text.
WITH bound AS (
    SELECT CASE WHEN s.xid <= usage_horizon() THEN s.xid ELSE 0 END AS xid FROM usage_rollup s
), months AS (
    SELECT m.start::date AS start, (m.start + interval '1 month')::date AS ends
    FROM generate_series(date_trunc('month', $1::timestamp), $2::timestamp, interval '1 month') m(start)
    WHERE $6::text <> 'DAY'
), whole AS (
    SELECT m.start, m.ends FROM months m
    WHERE NOT EXISTS (SELECT FROM usage_sum d WHERE d.kind = 'PROVIDER' AND d.span = 'DAY' AND d.start >= m.start AND d.start < m.ends
        AND NOT d.start BETWEEN $1::date AND $2::date)
), spans AS (
    SELECT 'MONTH' AS span, w.start FROM whole w
    UNION ALL
    SELECT 'DAY', g.day::date FROM generate_series($1::timestamp, $2::timestamp, interval '1 day') g(day)
    WHERE NOT EXISTS (SELECT FROM whole w WHERE g.day >= w.start AND g.day < w.ends)
), both_parts AS (
    SELECT CASE $6::text WHEN 'DAY' THEN d.start::text WHEN 'TOTAL' THEN '' ELSE d.key END AS key, d.calls, d.input, d.cached_input, d.cache_write,
        d.image_input, d.output, d.reasoning, d.images, d.audio_seconds, d.tool_calls, d.charged, d.listed_calls, d.listed_charged, d.list_cost
    FROM bound, spans p, LATERAL (SELECT * FROM usage_sum one
        WHERE one.kind = CASE WHEN $6::text IN ('DAY', 'TOTAL') THEN 'PROVIDER' ELSE $6::text END AND one.span = p.span AND one.start = p.start
        OFFSET 0) d
    WHERE bound.xid > 0
    UNION ALL
    SELECT CASE $6::text WHEN 'MODEL' THEN u.model WHEN 'PROVIDER' THEN u.provider WHEN 'USER' THEN u.user_id::text
            WHEN 'KEY' THEN coalesce(u.api_key_id::text, '') WHEN 'DAY' THEN (u.create_time AT TIME ZONE 'UTC')::date::text ELSE '' END AS key,
@usage_sums
        ,
@usage_money
    FROM usage u
    WHERE u.xid >= (SELECT bound.xid FROM bound) AND u.create_time >= $1::timestamp AT TIME ZONE 'UTC'
        AND u.create_time < ($2::timestamp + interval '24 hours') AT TIME ZONE 'UTC'
    GROUP BY 1
), ranks AS (
    SELECT k.key, k.rank
    FROM (SELECT r.key, CASE WHEN $6::text = 'DAY' THEN (r.key::date - date '2000-01-01')::bigint ELSE sum(r.charged)::bigint END AS rank
        FROM both_parts r GROUP BY r.key) k
    WHERE k.rank < $3::bigint OR (k.rank = $3::bigint AND k.key > $4::text)
    ORDER BY k.rank DESC, k.key LIMIT $5::integer
), sums AS (
    SELECT k.key, k.rank,
@usage_all
    FROM ranks k JOIN both_parts r ON r.key = k.key GROUP BY k.key, k.rank
)
@usage_rows
FROM sums ORDER BY sums.rank DESC, sums.key;

-- name: usage_roll_up
-- Adds the rows to usage_sum that are final and are not in it yet. Two at once wait for each other, and the second one finds none. In the order of
-- the index, so that the rows of a span lie beside each other.
WITH state AS (
    SELECT s.xid FROM usage_rollup s FOR UPDATE
), fresh AS (
    SELECT (u.create_time AT TIME ZONE 'UTC')::date AS day, CASE WHEN grouping(u.model) = 0 THEN 'MODEL' WHEN grouping(u.provider) = 0
            THEN 'PROVIDER' WHEN grouping(u.user_id) = 0 THEN 'USER' ELSE 'KEY' END AS kind,
        coalesce(CASE WHEN grouping(u.model) = 0 THEN u.model WHEN grouping(u.provider) = 0 THEN u.provider
            WHEN grouping(u.user_id) = 0 THEN u.user_id::text ELSE u.api_key_id::text END, '') AS key,
@usage_sums
        ,
@usage_money
    FROM usage u
    WHERE u.xid >= (SELECT state.xid FROM state) AND u.xid < usage_horizon()
    GROUP BY GROUPING SETS ((1, u.model), (1, u.provider), (1, u.user_id), (1, u.api_key_id))
), spans AS (
    SELECT r.kind, p.span, p.start, r.key,
@usage_all
    FROM fresh r, LATERAL (VALUES ('DAY', r.day), ('MONTH', date_trunc('month', r.day::timestamp)::date)) p(span, start)
    GROUP BY r.kind, p.span, p.start, r.key
), added AS (
    INSERT INTO usage_sum AS d (kind, span, start, key, calls, input, cached_input, cache_write, image_input, output, reasoning, images,
        audio_seconds, tool_calls, charged, listed_calls, listed_charged, list_cost)
    SELECT f.kind, f.span, f.start, f.key, f.calls, f.input, f.cached_input, f.cache_write, f.image_input, f.output, f.reasoning, f.images,
        f.audio_seconds, f.tool_calls, f.charged, f.listed_calls, f.listed_charged, f.list_cost
    FROM spans f
    ORDER BY f.kind, f.span, f.start, f.key
    ON CONFLICT (kind, span, start, key) DO UPDATE SET calls = d.calls + excluded.calls, input = d.input + excluded.input,
        cached_input = d.cached_input + excluded.cached_input, cache_write = d.cache_write + excluded.cache_write,
        image_input = d.image_input + excluded.image_input, output = d.output + excluded.output,
        reasoning = d.reasoning + excluded.reasoning, images = d.images + excluded.images,
        audio_seconds = d.audio_seconds + excluded.audio_seconds, tool_calls = d.tool_calls + excluded.tool_calls,
        charged = d.charged + excluded.charged, listed_calls = d.listed_calls + excluded.listed_calls,
        listed_charged = d.listed_charged + excluded.listed_charged, list_cost = d.list_cost + excluded.list_cost
)
UPDATE usage_rollup s SET xid = greatest(s.xid, usage_horizon()) FROM state;

-- name: usage_roll_users_up
-- The same for usage_user_sum, by the bound of its own.
WITH state AS (
    SELECT s.user_xid FROM usage_rollup s FOR UPDATE
), fresh AS (
    SELECT u.user_id, (u.create_time AT TIME ZONE 'UTC')::date AS day, u.model,
@usage_sums
        ,
        sum(u.cost_microcredits)::bigint AS charged
    FROM usage u
    WHERE u.xid >= (SELECT state.user_xid FROM state) AND u.xid < usage_horizon()
    GROUP BY 1, 2, 3
), added AS (
    INSERT INTO usage_user_sum AS d (user_id, day, model, calls, input, cached_input, cache_write, image_input, output, reasoning, images,
        audio_seconds, tool_calls, charged)
    SELECT f.user_id, f.day, f.model, f.calls, f.input, f.cached_input, f.cache_write, f.image_input, f.output, f.reasoning, f.images,
        f.audio_seconds, f.tool_calls, f.charged
    FROM fresh f
    ORDER BY f.user_id, f.day, f.model
    ON CONFLICT (user_id, day, model) DO UPDATE SET calls = d.calls + excluded.calls, input = d.input + excluded.input,
        cached_input = d.cached_input + excluded.cached_input, cache_write = d.cache_write + excluded.cache_write,
        image_input = d.image_input + excluded.image_input, output = d.output + excluded.output,
        reasoning = d.reasoning + excluded.reasoning, images = d.images + excluded.images,
        audio_seconds = d.audio_seconds + excluded.audio_seconds, tool_calls = d.tool_calls + excluded.tool_calls,
        charged = d.charged + excluded.charged
)
UPDATE usage_rollup s SET user_xid = greatest(s.user_xid, usage_horizon()) FROM state;

-- name: usage_rollup_check
-- Forgets the sums where a bound is of the future, so that all of them are made anew: after a restore, or because an operator wrote such a bound.
WITH odd AS (
    UPDATE usage_rollup s SET xid = 0, user_xid = 0 WHERE greatest(s.xid, s.user_xid) > usage_horizon() RETURNING s.xid
), users AS (
    DELETE FROM usage_user_sum d WHERE EXISTS (SELECT FROM odd)
)
DELETE FROM usage_sum d WHERE EXISTS (SELECT FROM odd);

-- name: usage_of_user
-- Usage of user $1 in month $2 ("2026-11"; NULL: this one): a row for each day and model; a row for each day, where model is
-- NULL; a row for each model, where day is NULL. One row at least, for the month. It is usage_user_sum and the rows that are not in it
-- yet. These are found by their transactions, as a user may have a million rows a month; where the sums are not believed, which
-- ends with the job's next run, by the user.
-- Params: $1 uuid, $2 text.
WITH m AS (
    SELECT x.first, x.first + interval '1 month' AS ends, to_char(x.first, 'YYYY-MM') AS month
    FROM (SELECT coalesce(to_date($2::text, 'YYYY-MM'), date_trunc('month', lc.now() AT TIME ZONE 'UTC')::date) AS first) x
), bound AS (
    SELECT CASE WHEN s.user_xid <= usage_horizon() THEN s.user_xid ELSE 0 END AS xid FROM usage_rollup s
), fresh AS (
    SELECT one.* FROM m, bound, LATERAL (SELECT * FROM usage u WHERE u.xid >= bound.xid OFFSET 0) one
    WHERE bound.xid > 0 AND one.user_id = $1::uuid AND one.create_time >= m.first::timestamp AT TIME ZONE 'UTC'
        AND one.create_time < m.ends AT TIME ZONE 'UTC'
    UNION ALL
    SELECT u.* FROM m, bound, usage u
    WHERE bound.xid = 0 AND u.user_id = $1::uuid AND u.create_time >= m.first::timestamp AT TIME ZONE 'UTC'
        AND u.create_time < m.ends AT TIME ZONE 'UTC'
), r AS (
    SELECT d.day, d.model, d.calls, d.input, d.cached_input, d.cache_write, d.image_input, d.output, d.reasoning, d.images, d.audio_seconds,
        d.tool_calls, d.charged
    FROM m, bound, usage_user_sum d
    WHERE bound.xid > 0 AND d.user_id = $1::uuid AND d.day >= m.first AND d.day < m.ends
    UNION ALL
    SELECT (u.create_time AT TIME ZONE 'UTC')::date, u.model,
@usage_sums
        ,
        sum(u.cost_microcredits)
    FROM fresh u GROUP BY 1, 2
), sums AS (
    SELECT r.day::text AS day, r.model,
        sum(r.calls)::bigint AS calls, sum(r.input)::bigint AS input, sum(r.cached_input)::bigint AS cached_input,
        sum(r.cache_write)::bigint AS cache_write, sum(r.image_input)::bigint AS image_input, sum(r.output)::bigint AS output,
        sum(r.reasoning)::bigint AS reasoning, sum(r.images)::bigint AS images, sum(r.audio_seconds)::bigint AS audio_seconds,
        sum(r.tool_calls)::bigint AS tool_calls, sum(r.charged)::bigint AS charged
    FROM r GROUP BY GROUPING SETS ((r.day, r.model), (r.day), (r.model))
)
SELECT m.month, sums.day, sums.model, sums.calls, sums.input, sums.cached_input, sums.cache_write, sums.image_input, sums.output,
    sums.reasoning, sums.images, sums.audio_seconds, sums.tool_calls, sums.charged
FROM m LEFT JOIN sums ON true
ORDER BY sums.day, sums.model;
