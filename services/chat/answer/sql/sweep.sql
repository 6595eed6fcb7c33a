-- name: generation_claim
-- Takes at most $4 generations whose lease is over to process $1 at $2 for $3 milliseconds: the next attempt.
-- Params: $1 uuid, $2 text, $3 bigint, $4 integer.
UPDATE generation g SET attempt = g.attempt + 1, lost = g.lost + 1, boot_id = $1::uuid, owner_endpoint = $2::text,
    lease_token = nextval('lease_seq'), lease_until = lc.now() + $3::bigint * interval '1 millisecond'
WHERE g.id IN (
    SELECT l.id FROM generation l WHERE l.state = 'RUNNING' AND l.lease_until < lc.now()
    ORDER BY l.lease_until LIMIT $4::integer FOR UPDATE SKIP LOCKED
)
RETURNING g.id, g.user_id, g.chat_id, g.user_message_id, g.assistant_message_id, g.model, g.attempt, g.lost, g.lease_token,
    (extract(epoch FROM g.lease_until) * 1000000)::bigint AS lease_us, g.cancel_requested, g.request_id,
    g.temperature, g.top_p, g.max_output_tokens, g.background, g.rounds,
    (extract(epoch FROM g.create_time) * 1000000)::bigint AS create_us;

-- name: generation_claim_due
-- As generation_claim, of those that wait in the background and are due. One that was never tried keeps its attempt.
-- Params: $1 uuid, $2 text, $3 bigint, $4 integer.
UPDATE generation g SET attempt = g.attempt + CASE WHEN g.rounds = 0 AND g.failures = '[]' THEN 0 ELSE 1 END, state = 'RUNNING',
    run_time = NULL, boot_id = $1::uuid, owner_endpoint = $2::text, lease_token = nextval('lease_seq'),
    lease_until = lc.now() + $3::bigint * interval '1 millisecond'
WHERE g.id IN (
    SELECT l.id FROM generation l WHERE l.state IN ('QUEUED', 'WAITING') AND l.run_time <= lc.now()
    ORDER BY l.run_time LIMIT $4::integer FOR UPDATE SKIP LOCKED
)
RETURNING g.id, g.user_id, g.chat_id, g.user_message_id, g.assistant_message_id, g.model, g.attempt, g.lost, g.lease_token,
    (extract(epoch FROM g.lease_until) * 1000000)::bigint AS lease_us, g.cancel_requested, g.request_id,
    g.temperature, g.top_p, g.max_output_tokens, g.background, g.rounds,
    (extract(epoch FROM g.create_time) * 1000000)::bigint AS create_us;

-- name: generation_end_former
-- Ends the leases of former processes at endpoint $1; $2 is the one that lives now.
-- Params: $1 text, $2 uuid.
UPDATE generation g SET lease_until = lc.now() - interval '1 millisecond'
WHERE g.state = 'RUNNING' AND g.owner_endpoint = $1::text AND g.boot_id <> $2::uuid;
