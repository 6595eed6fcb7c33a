-- name: credits_run_commands
-- Runs holds, settles and voids in one transaction: kinds $1, ids $2, users or holds $3, amounts $4, expiry of holds $5, at most $11 ms from
-- now, references or price versions $6, models $7, budgets $8, ids of overage $9 and loss $10. n: place in the arrays, from 1.
-- refused: the reason, when nothing was done. $12: plans that may pay.
-- Params: $1 text[], $2 uuid[], $3 uuid[], $4 bigint[], $5 timestamptz[], $6 text[], $7 text[], $8 text[], $9 uuid[], $10 uuid[],
-- $11 bigint, $12 text[].
SELECT n, refused, available, charged, (extract(epoch FROM expire_time) * 1000000)::bigint AS expire_us
FROM run_commands($1::text[], $2::uuid[], $3::uuid[], $4::bigint[],
    ARRAY(SELECT least(e, lc.now() + $11::bigint * interval '1 ms') FROM unnest($5::timestamptz[]) WITH ORDINALITY AS x (e, n) ORDER BY n),
    $6::text[], $7::text[], $8::text[], $9::uuid[], $10::uuid[], $12::text[]);

-- name: credits_expire_hold
-- Ends hold $2 under id $1 if its time is over and nothing else ended it.
-- Params: $1 uuid, $2 uuid.
SELECT refused FROM release($1::uuid, hold_account($2::uuid), $2::uuid, 'expire');

-- name: credits_extend_holds
-- Moves the expiry of the open holds in $1 forward to $2, at most $3 ms from now. Skips a locked hold: it is just being resolved or extended, and
-- waiting for it with others locked here could end in a deadlock with a batch of settles.
-- Params: $1 uuid[], $2 timestamptz, $3 bigint.
WITH mine AS (
    SELECT id FROM open_hold WHERE id = ANY ($1::uuid[]) FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE open_hold h
SET expire_time = greatest(h.expire_time, least($2::timestamptz, lc.now() + $3::bigint * interval '1 ms'))
FROM mine WHERE h.id = mine.id
RETURNING h.id;

-- name: credits_holds_due
-- The $1 holds whose time has been over for longest.
-- Params: $1 int.
SELECT id FROM open_hold WHERE expire_time <= lc.now() ORDER BY expire_time LIMIT $1::int;
