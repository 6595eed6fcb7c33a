-- name: credits_balance
-- Balance of user $1. No row: the account does not exist yet.
-- Params: $1 uuid.
SELECT available, held, posted, billing_type, limit_microcredits FROM balance($1::uuid);

-- name: credits_open_account
-- Makes the account of user $1 if there is none, with a gift of $3 micro-credits that lasts $4 ms (NULL: for ever) under id $2
-- (NULL: no gift).
-- Params: $1 uuid, $2 uuid, $3 bigint, $4 bigint.
SELECT open_account($1::uuid, $2::uuid, $3::bigint, lc.now() + $4::bigint * interval '1 ms');

-- name: credits_transactions
-- Changes of the posted balance of user $1, newest first, before number $2, $3 rows.
-- Params: $1 uuid, $2 bigint, $3 int.
SELECT id, kind, CASE WHEN debit_id = account_id THEN -amount_microcredits ELSE amount_microcredits END AS change,
    balance_after, reference, model, seq, (extract(epoch FROM create_time) * 1000000)::bigint AS create_us
FROM transfer
WHERE account_id = $1::uuid AND balance_after IS NOT NULL AND seq < $2::bigint
ORDER BY seq DESC LIMIT $3::int;

-- name: credits_usage
-- Charges of user $1 and of the user's plans by day and model in month $2 ("2026-11"; NULL: this one). At least one row, for the month.
-- The bounds are columns of type date: below row level security only a leakproof comparison uses the index, and no other is leakproof.
-- Params: $1 uuid, $2 text.
WITH m AS MATERIALIZED (
    SELECT first, (first + interval '1 month')::date AS next
    FROM (SELECT coalesce(to_date($2::text, 'YYYY-MM'), date_trunc('month', lc.now() AT TIME ZONE 'UTC')::date) AS first) x)
SELECT to_char(m.first, 'YYYY-MM') AS month, d.day, d.model, d.transfers AS charges, -d.change_microcredits AS amount
FROM m LEFT JOIN day_total d ON d.account_id = ANY (ARRAY(SELECT a.id FROM account a WHERE a.owner_id = $1::uuid) || $1::uuid) AND d.kind = 'settle' AND d.day >= m.first AND d.day < m.next
ORDER BY d.day, d.model;

-- name: credits_statement
-- Changes of user $1 by kind in month $2 ("2026-11"; NULL: this one), and later ones, beside the balance of now. At least one row.
-- Params: $1 uuid, $2 text.
WITH m AS MATERIALIZED (
    SELECT first, (first + interval '1 month')::date AS next
    FROM (SELECT coalesce(to_date($2::text, 'YYYY-MM'), date_trunc('month', lc.now() AT TIME ZONE 'UTC')::date) AS first) x)
SELECT to_char(m.first, 'YYYY-MM') AS month, coalesce(a.credits_posted - a.debits_posted, 0) AS posted, d.kind,
    coalesce(sum(d.change_microcredits) FILTER (WHERE d.day < m.next), 0)::bigint AS change,
    coalesce(sum(d.transfers) FILTER (WHERE d.day < m.next), 0)::bigint AS transactions,
    coalesce(sum(d.change_microcredits) FILTER (WHERE d.day >= m.next), 0)::bigint AS later
FROM m
LEFT JOIN account a ON a.id = $1::uuid
LEFT JOIN day_total d ON d.account_id = $1::uuid AND d.day >= m.first
GROUP BY m.first, a.id, d.kind ORDER BY d.kind;
