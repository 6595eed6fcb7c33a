-- name: auth_revocation_after
-- Revocations after sequence $1 whose tokens may still live, in order; and the newest sequence, also when there are none.
-- Params: $1 bigint, $2 int most rows.
SELECT h.sequence AS head, r.sequence, r.session_id, (extract(epoch FROM r.forget_time) * 1000000)::bigint AS forget_us
FROM revocation_head h
LEFT JOIN revocation r ON r.sequence > $1::bigint AND r.sequence <= h.sequence AND r.forget_time > lc.now()
ORDER BY r.sequence
LIMIT $2::integer;

-- name: auth_revocation_purge
-- Forgets revocations that nobody needs any more.
DELETE FROM revocation WHERE forget_time < lc.now();
