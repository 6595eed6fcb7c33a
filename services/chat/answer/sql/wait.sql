-- name: generation_wait
-- Generation $1 under lease $2 waits $3 milliseconds for its next round, after $4 rounds. $5: what went wrong. No row: the lease is lost.
-- One that its user has stopped meanwhile is due at once, and ends.
-- Params: $1 uuid, $2 bigint, $3 bigint, $4 integer, $5 jsonb.
UPDATE generation g SET state = 'WAITING', lease_token = NULL, lease_until = NULL, boot_id = NULL, owner_endpoint = NULL,
    rounds = $4::integer,
    run_time = lc.now() + CASE WHEN g.cancel_requested THEN 0 ELSE $3::bigint END * interval '1 millisecond',
    failures = (CASE WHEN jsonb_array_length(g.failures) >= 20 THEN g.failures - 0 ELSE g.failures END)
        || ($5::jsonb || jsonb_build_object('time', lc.now()))
WHERE g.id = $1::uuid AND g.lease_token = $2::bigint AND g.state = 'RUNNING'
RETURNING g.id;

-- name: generation_end_background
-- After generation_end of a background answer $1: its chat is unread. $2: its last failure, or NULL.
-- Params: $1 uuid, $2 jsonb.
WITH ended AS (
    UPDATE generation g SET failures = CASE WHEN $2::jsonb IS NULL THEN g.failures
        ELSE g.failures || ($2::jsonb || jsonb_build_object('time', lc.now())) END
    WHERE g.id = $1::uuid
    RETURNING g.chat_id
)
UPDATE chat c SET unread = true FROM ended WHERE c.id = ended.chat_id;
