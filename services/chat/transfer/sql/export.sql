-- part: export_columns
    c.id, c.title, c.model, c.pinned, c.archived, c.leaf_id, c.project_id,
    (extract(epoch FROM c.create_time) * 1000000)::bigint AS create_us,
    (extract(epoch FROM c.update_time) * 1000000)::bigint AS update_us

-- name: export_chat
-- Params: $1 uuid.
SELECT
@export_columns
FROM chat c WHERE c.id = $1::uuid AND c.delete_time IS NULL;

-- name: export_next
-- The chat of user $1 that follows $2.
-- Params: $1 uuid, $2 uuid.
SELECT
@export_columns
FROM chat c WHERE c.user_id = $1::uuid AND c.delete_time IS NULL AND c.id > $2::uuid ORDER BY c.id LIMIT 1;

-- name: export_messages
-- Messages of chat $1 with ids above $2, at most $3, and those that follow on at most $4 bytes.
-- Params: $1 uuid, $2 uuid, $3 integer, $4 bigint.
WITH rest AS (
    SELECT m.id, octet_length(m.text)::bigint + octet_length(m.reasoning) + octet_length(m.items) AS bytes
    FROM message m WHERE m.chat_id = $1::uuid AND m.id > $2::uuid
    ORDER BY m.id LIMIT $3::integer
), page AS (
    SELECT rest.id, sum(rest.bytes) OVER (ORDER BY rest.id) - rest.bytes AS before FROM rest
)
SELECT m.id, m.parent_id, m.role, m.state, m.text, m.reasoning, m.items, m.model, (extract(epoch FROM m.create_time) * 1000000)::bigint AS create_us
FROM page JOIN message m ON m.id = page.id
WHERE page.before <= $4::bigint
ORDER BY m.id;
