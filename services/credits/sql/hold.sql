-- name: credits_run_commands
-- Runs the commands $1 (holds, settles, voids) in one transaction. A hold expires at most $2 ms from now. n: place in the batch. refused: the
-- reason, when nothing was done.
-- Params: $1 command[], $2 bigint.
SELECT n, refused, available, charged, (extract(epoch FROM expire_time) * 1000000)::bigint AS expire_us
FROM run_commands($1::command[], $2::bigint);

-- name: credits_expire_hold
-- Ends hold $2 under id $1 if its time is over and nothing else ended it.
-- Params: $1 uuid, $2 uuid.
SELECT refused FROM run_commands(ARRAY[ROW(1, 'expire', $1::uuid, $2::uuid, 0, 'infinity', '', '', '{}', $1::uuid, $1::uuid, '{}')::command], NULL);

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
