-- name: generation_by_key
-- The generation that user $1 started under key $2, and whether its request had the hash $3.
-- Params: $1 uuid, $2 text, $3 bytea.
SELECT g.id, g.request_hash = $3::bytea AS same_request,
    g.state = 'FAILED' AND NOT g.accepted AND NOT g.background AND g.error_code IN (4, 8, 10, 13, 14) AS may_retry
FROM generation g WHERE g.user_id = $1::uuid AND g.idempotency_key = $2::text;

-- name: generation_chat_model
-- The model of chat $1.
-- Params: $1 uuid.
SELECT c.model FROM chat c WHERE c.id = $1::uuid AND c.delete_time IS NULL;

-- name: generation_retry
-- Begins the failed, never accepted generation $1 anew, leased to process $2 at $3 for $4 milliseconds. No row: it is not that any more.
-- Params: $1 uuid, $2 uuid, $3 text, $4 bigint. Errors: generation_running.
WITH again AS (
    UPDATE generation g SET state = 'RUNNING', attempt = g.attempt + 1, boot_id = $2::uuid, owner_endpoint = $3::text,
        lease_token = nextval('lease_seq'), lease_until = lc.now() + $4::bigint * interval '1 millisecond',
        cancel_requested = false, error_code = NULL, error_reason = NULL, error_message = NULL, end_time = NULL, marks = NULL
    WHERE g.id = $1::uuid AND g.state = 'FAILED' AND NOT g.accepted AND NOT g.background
    RETURNING g.id, g.user_id, g.chat_id, g.user_message_id, g.assistant_message_id, g.model, g.attempt, g.lost, g.lease_token,
        g.lease_until, g.cancel_requested, g.request_id, g.temperature, g.top_p, g.max_output_tokens, g.create_time
), answer AS (
    UPDATE message m SET state = 'RUNNING' FROM again WHERE m.id = again.assistant_message_id
)
SELECT again.id, again.user_id, again.chat_id, again.user_message_id, again.assistant_message_id, again.model, again.attempt, again.lost,
    again.lease_token, (extract(epoch FROM again.lease_until) * 1000000)::bigint AS lease_us, again.cancel_requested, again.request_id,
    again.temperature, again.top_p, again.max_output_tokens, false AS background, 0 AS rounds,
    (extract(epoch FROM again.create_time) * 1000000)::bigint AS create_us
FROM again;
