-- name: generation_watch
-- Generation $1 for somebody who watches it: who runs it, or its texts when it ended.
-- Params: $1 uuid.
SELECT g.id, g.user_id, g.chat_id, g.user_message_id, g.assistant_message_id, g.model, g.state, g.attempt, g.stop_reason, g.prompt_tokens,
    g.completion_tokens, g.cached_tokens, g.cache_write_tokens, g.reasoning_tokens, g.cost_microcredits, g.accepted, g.error_code, g.error_reason, g.error_message, g.request_id,
    (extract(epoch FROM g.create_time) * 1000000)::bigint AS create_us,
    (extract(epoch FROM g.end_time) * 1000000)::bigint AS end_us,
    g.background, (extract(epoch FROM g.run_time) * 1000000)::bigint AS run_us,
    g.boot_id, g.owner_endpoint, g.marks, coalesce(m.text, c.text) AS text,
    coalesce(m.reasoning, c.reasoning) AS reasoning, coalesce(m.asked_model, c.asked_model) AS asked_model, coalesce(m.items, c.items) AS items,
    m.position, (SELECT f.position FROM message f WHERE f.family_id = m.family_id ORDER BY f.id DESC LIMIT 1) AS siblings,
    (SELECT f.id FROM message f WHERE f.family_id = m.family_id AND f.id < m.id ORDER BY f.id DESC LIMIT 1) AS previous_id,
    (SELECT f.id FROM message f WHERE f.family_id = m.family_id AND f.id > m.id ORDER BY f.id LIMIT 1) AS next_id
FROM generation g LEFT JOIN message m ON m.id = g.assistant_message_id
LEFT JOIN api_call c ON g.chat_id IS NULL AND c.generation_id = g.id
WHERE g.id = $1::uuid;
