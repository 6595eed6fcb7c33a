-- name: credits_set_budget
-- Makes or changes budget $1 of user $2: kind $3, name $4, limit $5 (NULL: none), period $6; a user has at most $7.
-- Params: $1 uuid, $2 uuid, $3 text, $4 text, $5 bigint, $6 text, $7 int.  Errors: not_found, budgets_full.
SELECT id, kind, display_name, limit_microcredits, period, debits_pending AS held,
    CASE WHEN period = 'month' AND period_start < date_trunc('month', lc.now(), 'UTC') THEN 0 ELSE debits_posted END AS used
FROM set_budget($1::uuid, $2::uuid, $3::text, $4::text, $5::bigint, $6::text, $7::int);

-- name: credits_budgets
-- Budgets of user $1.
-- Params: $1 uuid.
SELECT id, kind, display_name, limit_microcredits, period, debits_pending AS held,
    CASE WHEN period = 'month' AND period_start < date_trunc('month', lc.now(), 'UTC') THEN 0 ELSE debits_posted END AS used
FROM budget WHERE account_id = $1::uuid ORDER BY kind, display_name, id;

-- name: credits_alerts
-- The newest hundred alerts of user $1.
-- Params: $1 uuid.
SELECT subject_id, level, (extract(epoch FROM create_time) * 1000000)::bigint AS create_us
FROM alert WHERE account_id = $1::uuid ORDER BY create_time DESC, level DESC LIMIT 100;
