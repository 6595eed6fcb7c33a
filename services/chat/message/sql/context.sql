-- name: message_context
-- The branch that ends in message $1, last message first, as far up as its tokens and $3 for each message stay within $2 tokens. Left out are
-- messages without text, and questions that the provider refused for what they say: they would be refused in every later prompt, too.
-- A chat of a project has its enabled prompts behind them, the last one first, and then its instructions; their tokens are taken from the $2.
-- OFFSET 0: each step, and each of the project, is one look-up by id. Otherwise a plan made while the table was small reads all of it in each run.
-- Params: $1 uuid, $2 bigint, $3 integer.
WITH RECURSIVE home AS MATERIALIZED (
    SELECT p.id, p.instructions, p.tokens
    FROM (SELECT m.chat_id FROM message m WHERE m.id = $1::uuid OFFSET 0) q
    CROSS JOIN LATERAL (SELECT c.project_id FROM chat c WHERE c.id = q.chat_id AND c.project_id IS NOT NULL OFFSET 0) c
    CROSS JOIN LATERAL (SELECT p.id, p.instructions, p.tokens FROM project p WHERE p.id = c.project_id OFFSET 0) p
), texts AS MATERIALIZED (
    SELECT home.id AS project_id, home.instructions AS text, home.tokens, 0 AS position FROM home
    UNION ALL
    SELECT home.id, r.text, r.tokens, r.position FROM home CROSS JOIN LATERAL (
        SELECT r.text, r.tokens, r.position FROM project_prompt r WHERE r.project_id = home.id AND r.enabled OFFSET 0
    ) r
), room AS MATERIALIZED (
    SELECT $2::bigint - coalesce(sum(texts.tokens + $3::integer), 0)::bigint AS tokens FROM texts WHERE texts.text <> ''
), up AS (
    SELECT m.role, m.text, m.tokens, m.items, m.parent_id, m.depth, m.tokens::bigint + $3::integer AS total, false AS empty, false AS refuses
    FROM message m WHERE m.id = $1::uuid
    UNION ALL
    SELECT p.role, p.text, p.tokens, p.items, p.parent_id, p.depth,
        up.total + CASE WHEN p.text = '' OR up.refuses THEN 0 ELSE p.tokens + $3::integer END,
        p.text = '' OR up.refuses,
        p.text = '' AND EXISTS (
            SELECT FROM generation g WHERE g.id = p.generation_id
                AND (g.error_reason IN ('prompt_flagged', 'context_too_long', 'provider_refused') OR g.stop_reason = 'FILTER'))
    FROM up CROSS JOIN LATERAL (
        SELECT m.role, m.text, m.tokens, m.items, m.parent_id, m.depth, m.generation_id FROM message m WHERE m.id = up.parent_id OFFSET 0
    ) p
    WHERE up.total <= (SELECT room.tokens FROM room)
), found AS (
    SELECT lower(up.role) AS role, up.text, up.tokens, up.items, NULL::uuid AS project_id, 1 AS part, up.depth AS place
    FROM up
    WHERE up.total <= (SELECT room.tokens FROM room) AND NOT up.empty
    UNION ALL
    SELECT 'system', texts.text, texts.tokens, '', texts.project_id, 0, texts.position FROM texts
)
SELECT found.role, found.text, found.tokens, found.items, found.project_id
FROM found
ORDER BY found.part DESC, found.place DESC;

-- name: message_measure
-- What message_context would give for a question of $5 tokens below message $2 of chat $1, or below its leaf: the tokens of all and of the
-- project's texts, and how many messages of the branch are in it and left out. unknown: the chat has no message $2. No row: no such chat.
-- Params: $1 uuid, $2 uuid, $3 bigint, $4 integer, $5 bigint.
WITH RECURSIVE place AS MATERIALIZED (
    SELECT c.project_id, coalesce($2::uuid, c.leaf_id) AS parent_id,
        $2::uuid IS NOT NULL AND NOT EXISTS (SELECT FROM message m WHERE m.id = $2::uuid AND m.chat_id = c.id) AS unknown
    FROM chat c WHERE c.id = $1::uuid AND c.delete_time IS NULL
), texts AS MATERIALIZED (
    SELECT coalesce(sum(t.tokens + $4::integer), 0)::bigint AS tokens FROM (
        SELECT p.tokens FROM place CROSS JOIN LATERAL (
            SELECT p.tokens FROM project p WHERE p.id = place.project_id AND p.instructions <> '' OFFSET 0
        ) p
        UNION ALL
        SELECT r.tokens FROM place CROSS JOIN LATERAL (
            SELECT r.tokens FROM project_prompt r WHERE r.project_id = place.project_id AND r.enabled OFFSET 0
        ) r
    ) t
), room AS MATERIALIZED (
    SELECT $3::bigint - texts.tokens AS tokens FROM texts
), up AS (
    SELECT place.parent_id, -1 AS depth, $5::bigint + $4::integer AS total, false AS empty, false AS refuses FROM place
    UNION ALL
    SELECT p.parent_id, p.depth,
        up.total + CASE WHEN p.text = '' OR up.refuses THEN 0 ELSE p.tokens + $4::integer END,
        p.text = '' OR up.refuses,
        p.text = '' AND EXISTS (
            SELECT FROM generation g WHERE g.id = p.generation_id
                AND (g.error_reason IN ('prompt_flagged', 'context_too_long', 'provider_refused') OR g.stop_reason = 'FILTER'))
    FROM up CROSS JOIN LATERAL (
        SELECT m.text, m.tokens, m.parent_id, m.depth, m.generation_id FROM message m WHERE m.id = up.parent_id OFFSET 0
    ) p
    WHERE up.total <= (SELECT room.tokens FROM room)
)
SELECT place.unknown, texts.tokens::integer AS project_tokens, (texts.tokens + sums.tokens)::integer AS tokens, sums.messages, sums.cut
FROM place CROSS JOIN texts CROSS JOIN (
    SELECT coalesce(max(up.total) FILTER (WHERE up.total <= room.tokens), $5::bigint + $4::integer) AS tokens,
        (count(*) FILTER (WHERE up.total <= room.tokens AND NOT up.empty))::integer AS messages,
        coalesce(max(up.depth + 1) FILTER (WHERE up.total > room.tokens), 0) AS cut
    FROM up CROSS JOIN room
) sums;
