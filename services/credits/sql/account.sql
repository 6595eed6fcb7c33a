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
-- What changed the posted balance of user $1, newest first, before number $2 (NULL: from the newest), $3 rows.
-- Params: $1 uuid, $2 bigint, $3 int.
SELECT id, kind, CASE WHEN debit_id = account_id THEN -amount_microcredits ELSE amount_microcredits END AS change,
    balance_after, reference, model, seq, (extract(epoch FROM create_time) * 1000000)::bigint AS create_us
FROM transfer
WHERE account_id = $1::uuid AND balance_after IS NOT NULL AND seq < coalesce($2::bigint, 9223372036854775807)
ORDER BY seq DESC LIMIT $3::int;
