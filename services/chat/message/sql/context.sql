-- name: message_context
-- The branch that ends in message $1, last message first, as far up as its tokens and $3 for each message stay within $2 tokens. Left out are
-- messages without text, and questions that the provider refused for what they say: they would be refused in every later prompt, too.
-- OFFSET 0: each step is one look-up by id. Otherwise a plan made while the table was small reads all of it in each run.
-- Params: $1 uuid, $2 bigint, $3 integer.
WITH RECURSIVE up AS (
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
    WHERE up.total <= $2::bigint
)
SELECT lower(up.role) AS role, up.text, up.tokens, up.items
FROM up
WHERE up.total <= $2::bigint AND NOT up.empty
ORDER BY up.depth DESC;
