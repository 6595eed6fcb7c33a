-- part: budget_columns
    subject_id, kind, display_name, limit_microcredits, period, debits_pending AS held, budget_used(b) AS used,
    (extract(epoch FROM window_end(period, period_start, lc.now())) * 1000000)::bigint AS reset_us

-- name: credits_set_budget
-- Makes (under id $1) or changes the budget of API key or project $3 of user $2 in window $7: kind $4, name $5, limit $6 (NULL: none). A user has at
-- most $8.
-- Params: $1 uuid, $2 uuid, $3 uuid, $4 text, $5 text, $6 bigint, $7 text, $8 int.  Errors: not_found, budgets_full.
SELECT
@budget_columns
FROM set_window($1::uuid, $2::uuid, $3::uuid, $4::text, $5::text, $6::bigint, $7::text, $8::int) b;

-- name: credits_budgets
-- Budgets of user $1, the shortest window of a subject first.
-- Params: $1 uuid.
SELECT
@budget_columns
FROM budget b WHERE account_id = $1::uuid
ORDER BY kind, display_name, subject_id, array_position('{five_hours,day,week,month,total}'::text[], period);

-- name: credits_alerts
-- The newest hundred alerts of user $1. period: NULL for the limit of pay-as-you-go.
-- Params: $1 uuid.
SELECT coalesce(b.subject_id, a.subject_id) AS subject_id, b.period, coalesce(b.display_name, '') AS display_name, level,
    (extract(epoch FROM a.create_time) * 1000000)::bigint AS create_us
FROM alert a LEFT JOIN budget b ON b.id = a.subject_id
WHERE a.account_id = $1::uuid ORDER BY a.create_time DESC, level DESC LIMIT 100;

-- name: credits_alerts_untold
-- At most $1 alerts that no page was told of, the oldest first; name: of its event.
-- Params: $1 int.
SELECT a.name, a.user_id, a.subject_id, a.display_name, a.percent, a.account, a.period_start FROM alerts_untold($1::int) a;

-- name: credits_alert_told
-- The user's pages were told of the alert of $1 in the window from $2, at $3 percent.
-- Params: $1 uuid, $2 timestamptz, $3 int.
SELECT alert_told($1::uuid, $2::timestamptz, $3::int);
