-- name: generation_hurry
-- In this transaction no lock is waited for longer: others wait for it.
SELECT set_config('lock_timeout', '1s', true);

-- name: generation_end
-- The ends of generations $1 under leases $2, all in one statement; $1 is sorted, and rows are locked in its order. $3 are their users, once each
-- and sorted: a send locks its user before it waits for a generation, so users come first here, too. $4: states, $5 to $7: texts, $11: their
-- prices were held. $12: error codes, $13 reasons, $14 messages, or NULL. $18: what is charged; $19: from where the token counts are, or NULL
-- when nothing is charged. A row for each, by its place $n; no row: the lease is lost.
-- Params: $1 uuid[], $2 bigint[], $3 uuid[], $4 text[], $5 text[], $6 text[] reasoning, $7 text[] items, $8 integer[] tokens of text,
-- $9 bytea[] marks, $10 text[] stop reason, $11 boolean[], $12 integer[], $13 text[], $14 text[], $15 text[] provider, $16 integer[] prompt
-- tokens, $17 integer[] completion tokens, $18 bigint[], $19 text[], $20 text[] price version, $21 integer[] cached tokens, $22 integer[] and
-- $23 integer[] written to the cache for 5 minutes and an hour, $24 integer[] of images, $25 integer[] of reasoning, $26 integer[] images,
-- $27 integer[] seconds, $28 integer[] calls of tools, $29 bigint[] the list price, or NULL.
WITH users AS MATERIALIZED (
    SELECT count(*) AS n FROM unnest($3::uuid[]) AS i (id)
    CROSS JOIN LATERAL (SELECT t.user_id FROM user_total t WHERE t.user_id = i.id OFFSET 0 FOR NO KEY UPDATE) t
), held AS MATERIALIZED (
    SELECT i.*
    FROM unnest($1::uuid[], $2::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::integer[], $9::bytea[], $10::text[],
            $11::boolean[], $12::integer[], $13::text[], $14::text[], $15::text[], $16::integer[], $17::integer[], $18::bigint[], $19::text[],
            $20::text[], $21::integer[], $22::integer[], $23::integer[], $24::integer[], $25::integer[], $26::integer[], $27::integer[],
            $28::integer[], $29::bigint[]) WITH ORDINALITY
        AS i (id, token, state, text, reasoning, items, tokens, marks, stop_reason, accepted, error_code, error_reason, error_message, provider,
            prompt_tokens, completion_tokens, cost, source, price_version, cached, written_5m, written_1h, image_input, reasoned, images,
            seconds, tool_calls, list_cost, n)
    CROSS JOIN LATERAL (
        SELECT g.id FROM generation g WHERE g.id = i.id AND g.lease_token = i.token AND g.state = 'RUNNING' OFFSET 0 FOR NO KEY UPDATE
    ) g
    WHERE (SELECT users.n FROM users) >= 0
), ended AS (
    UPDATE generation g SET state = h.state, lease_token = NULL, lease_until = NULL, boot_id = NULL, owner_endpoint = NULL,
        marks = h.marks, stop_reason = h.stop_reason, accepted = h.accepted, error_code = h.error_code, error_reason = h.error_reason,
        error_message = h.error_message, prompt_tokens = h.prompt_tokens, completion_tokens = h.completion_tokens, cost_microcredits = h.cost,
        cached_tokens = h.cached, cache_write_tokens = h.written_5m + h.written_1h, reasoning_tokens = h.reasoned, end_time = lc.now()
    FROM held h WHERE g.id = h.id
    RETURNING h.n, g.id, g.user_id, g.chat_id, g.assistant_message_id, g.model, g.attempt, g.end_time, g.api_key_id
), answer AS (
    UPDATE message m SET state = CASE h.state WHEN 'DEAD' THEN 'FAILED' ELSE h.state END, text = h.text, reasoning = h.reasoning,
        tokens = h.tokens, items = h.items
    FROM ended JOIN held h ON h.n = ended.n WHERE m.id = ended.assistant_message_id
    RETURNING h.n, m.id, m.family_id, m.position
), called AS (
    UPDATE api_call c SET text = h.text, reasoning = h.reasoning, items = h.items, body = NULL, end_time = ended.end_time,
        connection = CASE WHEN h.state = 'DONE' THEN c.connection ELSE 'NONE' END
    FROM ended JOIN held h ON h.n = ended.n WHERE ended.chat_id IS NULL AND c.generation_id = ended.id
), counted AS (
    UPDATE user_total t SET bytes = t.bytes + u.bytes
    FROM (
        SELECT ended.user_id, sum(octet_length(h.text) + octet_length(h.reasoning) + octet_length(h.items)) AS bytes
        FROM ended JOIN held h ON h.n = ended.n WHERE ended.chat_id IS NOT NULL GROUP BY ended.user_id
    ) u WHERE t.user_id = u.user_id
), used AS (
    INSERT INTO usage (generation_id, attempt, user_id, model, provider, prompt_tokens, completion_tokens, source, price_version,
        cost_microcredits, cached_input_tokens, cache_write_5m_tokens, cache_write_1h_tokens, image_input_tokens, reasoning_tokens,
        images, audio_seconds, tool_calls, list_cost_microcredits, api_key_id)
    SELECT ended.id, ended.attempt, ended.user_id, ended.model, h.provider, h.prompt_tokens, h.completion_tokens, h.source, h.price_version,
        h.cost, h.cached, h.written_5m, h.written_1h, h.image_input, h.reasoned, h.images, h.seconds, h.tool_calls, h.list_cost,
        ended.api_key_id
    FROM ended JOIN held h ON h.n = ended.n WHERE h.source IS NOT NULL
)
SELECT ended.n, (extract(epoch FROM ended.end_time) * 1000000)::bigint AS end_us,
    answer.position, (SELECT f.position FROM message f WHERE f.family_id = answer.family_id ORDER BY f.id DESC LIMIT 1) AS siblings,
    (SELECT f.id FROM message f WHERE f.family_id = answer.family_id AND f.id < answer.id ORDER BY f.id DESC LIMIT 1) AS previous_id,
    (SELECT f.id FROM message f WHERE f.family_id = answer.family_id AND f.id > answer.id ORDER BY f.id LIMIT 1) AS next_id
FROM ended LEFT JOIN answer ON answer.n = ended.n;

-- name: generation_forget
-- Deletes the checkpoints of generations $1, whose messages have the texts. After generation_end and not in it: a checkpoint that it waited
-- for is not in its snapshot.
-- Params: $1 uuid[].
DELETE FROM checkpoint c WHERE c.generation_id = ANY ($1::uuid[]);

-- name: generation_withdraw_chat
-- Locks chat $1, which must come before its generation.
-- Params: $1 uuid.
SELECT c.id FROM chat c WHERE c.id = $1::uuid FOR NO KEY UPDATE;

-- name: generation_withdraw
-- Takes a refused send back: generation $1 under lease $2 and its messages are as if they had never been. The chat shows $3 again, has model
-- $5 unless another than $4 was chosen since, no title if it has $6, and the time $7. No row: the lease is lost.
-- Params: $1 uuid, $2 bigint, $3 uuid, $4 text, $5 text, $6 text, $7 timestamptz.
WITH gone AS (
    DELETE FROM generation g WHERE g.id = $1::uuid AND g.lease_token = $2::bigint AND g.state = 'RUNNING'
    RETURNING g.user_id, g.chat_id, g.user_message_id, g.assistant_message_id
), taken AS (
    DELETE FROM message m USING gone WHERE m.id IN (gone.user_message_id, gone.assistant_message_id)
    RETURNING octet_length(m.text) AS bytes
), counted AS (
    UPDATE user_total t SET bytes = t.bytes - (SELECT sum(taken.bytes) FROM taken) FROM gone WHERE t.user_id = gone.user_id
), shown AS (
    UPDATE chat c SET messages = c.messages - 2, update_time = $7::timestamptz,
        leaf_id = CASE WHEN c.leaf_id = gone.assistant_message_id THEN $3::uuid ELSE c.leaf_id END,
        model = CASE WHEN c.model = $4::text THEN $5::text ELSE c.model END,
        title = CASE WHEN c.title = $6::text THEN '' ELSE c.title END
    FROM gone WHERE c.id = gone.chat_id
)
SELECT gone.chat_id FROM gone;

-- name: generation_answered_by
-- Model $3, a fallback, answers generation $1 under lease $2 for $4. Before generation_end.
-- Params: $1 uuid, $2 bigint, $3 text, $4 text.
WITH told AS (
    UPDATE generation g SET model = $3::text WHERE g.id = $1::uuid AND g.lease_token = $2::bigint AND g.state = 'RUNNING'
    RETURNING g.id, g.assistant_message_id
), called AS (
    UPDATE api_call c SET asked_model = $4::text FROM told WHERE told.assistant_message_id IS NULL AND c.generation_id = told.id
)
UPDATE message m SET model = $3::text, asked_model = $4::text FROM told WHERE m.id = told.assistant_message_id;
