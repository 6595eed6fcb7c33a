-- name: send_chat
-- Chat $1 for the transaction that writes into it.
-- Params: $1 uuid.
SELECT c.id, c.model, c.leaf_id, c.messages, c.title = '' AS untitled, c.update_time::text AS update_text
FROM chat c WHERE c.id = $1::uuid AND c.delete_time IS NULL FOR UPDATE OF c;

-- name: send_count
-- Adds $2 bytes of text to those of user $1 and says how many they are. Until the transaction ends nobody else adds to them.
-- Params: $1 uuid, $2 bigint.
INSERT INTO user_total AS t (user_id, bytes) VALUES ($1::uuid, $2::bigint)
ON CONFLICT (user_id) DO UPDATE SET bytes = t.bytes + excluded.bytes
RETURNING t.bytes;

-- name: send_place
-- Facts for a new message of user $3 whose parent in chat $2 is $1, or the chat's last message: that parent (NULL: the message is a root), how
-- many siblings it has, how many answers in the user's chats are not over (at most $4 are counted), and the parent's jumps to ancestors. depth
-- is NULL: there is no such parent. After send_count, so that nobody else begins one. The ids come from a materialized row: below row level
-- security no index serves an expression.
-- Params: $1 uuid, $2 uuid, $3 uuid, $4 integer.
WITH given AS MATERIALIZED (
    SELECT parent.id, coalesce(parent.id, $2::uuid) AS family_id
    FROM (SELECT coalesce($1::uuid, (SELECT c.leaf_id FROM chat c WHERE c.id = $2::uuid)) AS id) parent
)
SELECT given.id AS parent_id,
    coalesce((SELECT f.position FROM message f WHERE f.family_id = given.family_id ORDER BY f.id DESC LIMIT 1), 0) AS siblings,
    (SELECT count(*) FROM (
        SELECT FROM generation r WHERE r.user_id = $3::uuid AND r.chat_id IS NOT NULL AND r.state IN ('QUEUED', 'RUNNING', 'WAITING') LIMIT $4::integer
    ) AS unfinished)::integer AS running,
    p.depth, j.id AS jump_id, j.depth AS jump_depth, k.id AS jump2_id, k.depth AS jump2_depth, l.id AS jump3_id, l.depth AS jump3_depth
FROM given
LEFT JOIN LATERAL (SELECT m.depth, m.jump_id FROM message m WHERE m.id = given.id AND m.chat_id = $2::uuid OFFSET 0) p ON true
LEFT JOIN LATERAL (SELECT m.id, m.depth, m.jump_id FROM message m WHERE m.id = p.jump_id OFFSET 0) j ON true
LEFT JOIN LATERAL (SELECT m.id, m.depth, m.jump_id FROM message m WHERE m.id = j.jump_id OFFSET 0) k ON true
LEFT JOIN LATERAL (SELECT m.id, m.depth FROM message m WHERE m.id = k.jump_id OFFSET 0) l ON true;
