-- name: generation_get
-- Generation $1.
-- Params: $1 uuid.
SELECT g.id, g.user_id, g.chat_id, g.user_message_id, g.assistant_message_id, g.model, g.state, g.attempt, g.stop_reason, g.prompt_tokens,
    g.completion_tokens, g.cached_tokens, g.cache_write_tokens, g.reasoning_tokens, g.cost_microcredits, g.accepted, g.error_code, g.error_reason, g.error_message, g.request_id,
    (extract(epoch FROM g.create_time) * 1000000)::bigint AS create_us,
    (extract(epoch FROM g.end_time) * 1000000)::bigint AS end_us, g.background,
    (extract(epoch FROM g.run_time) * 1000000)::bigint AS run_us
FROM generation g WHERE g.id = $1::uuid;

-- name: generation_cancel
-- Asks generation $1 to stop, if it is not over; who runs it. One that waits becomes due, and ends then. No row: no such generation.
-- Params: $1 uuid.
WITH asked AS (
    UPDATE generation g SET cancel_requested = true, run_time = CASE WHEN g.run_time IS NOT NULL THEN lc.now() END
    WHERE g.id = $1::uuid AND g.state IN ('QUEUED', 'RUNNING', 'WAITING')
)
SELECT g.state, g.boot_id, g.owner_endpoint FROM generation g WHERE g.id = $1::uuid;
