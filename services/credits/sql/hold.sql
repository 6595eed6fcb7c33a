-- name: credits_hold
-- Reserves $3 micro-credits of user $2 under id $1 until $4, at most $8 ms from now, for reference $5, model $6, budgets $7.
-- refused: reason, NULL when it is held. No row: the account does not exist yet.
-- Params: $1 uuid, $2 uuid, $3 bigint, $4 timestamptz, $5 text, $6 text, $7 uuid[], $8 bigint.
-- Errors: transfer_id_reused.
SELECT refused, available, (extract(epoch FROM expire_time) * 1000000)::bigint AS expire_us
FROM hold($1::uuid, $2::uuid, $3::bigint,
    least($4::timestamptz, lc.now() + $8::bigint * interval '1 ms'), $5::text, $6::text, $7::uuid[]);

-- name: credits_settle
-- Charges $3 micro-credits of price version $4 against hold $2 under id $1; overage under $5, what the user cannot pay under $6.
-- Params: $1 uuid, $2 uuid, $3 bigint, $4 text, $5 uuid, $6 uuid.
-- Errors: hold_unknown, hold_voided, hold_settled, transfer_id_reused.
SELECT charged, available FROM settle($1::uuid, $2::uuid, $3::bigint, $4::text, $5::uuid, $6::uuid);

-- name: credits_release
-- Releases hold $2 under id $1: $3 is void, or expire when its time is over. released: false when it had expired or has not yet.
-- Params: $1 uuid, $2 uuid, $3 transfer_kind.  Errors: hold_unknown, hold_settled, hold_voided, transfer_id_reused.
SELECT release($1::uuid, $2::uuid, $3::transfer_kind) AS released;

-- name: credits_extend_holds
-- Moves the expiry of the open holds in $1 forward to $2, at most $3 ms from now. Locked in the order of ids, for two callers
-- may name the same holds.
-- Params: $1 uuid[], $2 timestamptz, $3 bigint.
WITH mine AS (
    SELECT id FROM open_hold WHERE id = ANY ($1::uuid[]) ORDER BY id FOR NO KEY UPDATE
)
UPDATE open_hold h
SET expire_time = greatest(h.expire_time, least($2::timestamptz, lc.now() + $3::bigint * interval '1 ms'))
FROM mine WHERE h.id = mine.id
RETURNING h.id;

-- name: credits_holds_due
-- The $1 holds whose time has been over for longest.
-- Params: $1 int.
SELECT id FROM open_hold WHERE expire_time <= lc.now() ORDER BY expire_time LIMIT $1::int;
