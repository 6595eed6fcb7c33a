-- part: message_columns
-- Of message m; with message_joins. A message that is being written shows its last checkpoint.
    m.id, m.chat_id, m.parent_id, m.depth, m.role, m.state, m.model, m.asked_model, m.generation_id,
    CASE WHEN m.state = 'RUNNING' THEN coalesce(k.text, '') ELSE m.text END AS text,
    CASE WHEN m.state = 'RUNNING' THEN coalesce(k.reasoning, '') ELSE m.reasoning END AS reasoning,
    m.position, (SELECT f.position FROM message f WHERE f.family_id = m.family_id ORDER BY f.id DESC LIMIT 1) AS siblings,
    (SELECT f.id FROM message f WHERE f.family_id = m.family_id AND f.id < m.id ORDER BY f.id DESC LIMIT 1) AS previous_id,
    (SELECT f.id FROM message f WHERE f.family_id = m.family_id AND f.id > m.id ORDER BY f.id LIMIT 1) AS next_id,
    (extract(epoch FROM m.create_time) * 1000000)::bigint AS create_us,
    g.stop_reason, g.prompt_tokens, g.completion_tokens, g.cached_tokens, g.cache_write_tokens, g.reasoning_tokens, g.cost_microcredits, g.request_id,
    g.error_code, g.error_reason, g.error_message,
    (extract(epoch FROM g.end_time - g.create_time) * 1000)::bigint AS duration_ms

-- part: message_joins
LEFT JOIN generation g ON g.id = m.generation_id
LEFT JOIN LATERAL (
    SELECT string_agg(c.text, '' ORDER BY c.first_seq) AS text, string_agg(c.reasoning, '' ORDER BY c.first_seq) AS reasoning
    FROM checkpoint c
    WHERE m.state = 'RUNNING' AND c.generation_id = m.generation_id
        AND c.epoch = (SELECT max(e.epoch) FROM checkpoint e WHERE e.generation_id = m.generation_id)
) k ON true

-- name: message_place
-- Depth of message $1 in chat $2. No row: it is not there.
-- Params: $1 uuid, $2 uuid.
SELECT m.depth FROM message m WHERE m.id = $1::uuid AND m.chat_id = $2::uuid;

-- name: message_branch
-- Messages of chat $1 from below depth $3 down to message $2: at most $4, and those that follow on at most $5 bytes of text. Jumps shorten
-- the way up to the last of the page.
-- Params: $1 uuid, $2 uuid, $3 integer, $4 integer, $5 bigint.
WITH RECURSIVE way AS (
    SELECT m.id, m.parent_id, m.depth, j.id AS jump_id, j.depth AS jump_depth
    FROM message m LEFT JOIN message j ON j.id = m.jump_id
    WHERE m.id = $2::uuid AND m.chat_id = $1::uuid AND m.depth > $3::integer
    UNION ALL
    SELECT n.id, n.parent_id, n.depth, j.id, j.depth
    FROM way JOIN message n
        ON n.id = CASE WHEN way.jump_depth >= $3::integer + $4::integer THEN way.jump_id ELSE way.parent_id END
    LEFT JOIN message j ON j.id = n.jump_id
    WHERE way.depth > $3::integer + $4::integer
), up AS (
    SELECT way.id, way.parent_id, way.depth FROM way WHERE way.depth <= $3::integer + $4::integer
    UNION ALL
    SELECT p.id, p.parent_id, p.depth FROM up JOIN message p ON p.id = up.parent_id WHERE p.depth > $3::integer
), page AS (
    SELECT m.id, sum(octet_length(m.text)::bigint + octet_length(m.reasoning)) OVER (ORDER BY m.depth)
        - octet_length(m.text) - octet_length(m.reasoning) AS before
    FROM up JOIN message m ON m.id = up.id
)
SELECT
@message_columns
FROM page JOIN message m ON m.id = page.id
@message_joins
WHERE page.before <= $5::bigint
ORDER BY m.depth;

-- name: message_newest
-- Messages of chat $1 from message $2 up, last first: at most $3, and the first of them alone or as many as have at most $4 bytes of text.
-- Params: $1 uuid, $2 uuid, $3 integer, $4 bigint.
WITH RECURSIVE up AS (
    SELECT m.id, m.parent_id, 1 AS n, octet_length(m.text)::bigint + octet_length(m.reasoning) AS bytes
    FROM message m WHERE m.id = $2::uuid AND m.chat_id = $1::uuid
    UNION ALL
    SELECT p.id, p.parent_id, up.n + 1, up.bytes + octet_length(p.text) + octet_length(p.reasoning)
    FROM up JOIN message p ON p.id = up.parent_id
    WHERE up.n < $3::integer AND up.bytes + octet_length(p.text) + octet_length(p.reasoning) <= $4::bigint
)
SELECT
@message_columns
FROM up JOIN message m ON m.id = up.id
@message_joins
ORDER BY up.n;

-- name: message_tree
-- Messages of chat $1 with ids above $2, parents before children: at most $3, and those that follow on at most $4 bytes of text.
-- Params: $1 uuid, $2 uuid, $3 integer, $4 bigint.
WITH rest AS (
    SELECT m.id, octet_length(m.text)::bigint + octet_length(m.reasoning) AS bytes
    FROM message m WHERE m.chat_id = $1::uuid AND m.id > $2::uuid
    ORDER BY m.id LIMIT $3::integer
), page AS (
    SELECT rest.id, sum(rest.bytes) OVER (ORDER BY rest.id) - rest.bytes AS before FROM rest
)
SELECT
@message_columns
FROM page JOIN message m ON m.id = page.id
@message_joins
WHERE page.before <= $4::bigint
ORDER BY m.id;
