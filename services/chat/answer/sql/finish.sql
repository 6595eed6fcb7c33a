-- name: generation_end
-- The end of generation $1 under lease $2: state $3, texts, usage. $9: its price was held. $10: error code, $11 reason, $12 message, or NULL.
-- $16: what is charged; $17: from where the token counts are, or NULL when nothing is charged. No row: the lease is lost.
-- Params: $1 uuid, $2 bigint, $3 text, $4 text, $5 text reasoning, $6 integer tokens of text, $7 bytea marks, $8 text stop reason,
-- $9 boolean, $10 integer, $11 text, $12 text, $13 text provider, $14 integer prompt tokens, $15 integer completion tokens, $16 bigint,
-- $17 text, $18 text price version, $19 text items, $20 integer cached tokens, $21 integer and $22 integer written to the cache for 5 minutes
-- and an hour, $23 integer of images, $24 integer of reasoning, $25 integer images, $26 integer seconds, $27 integer calls of tools,
-- $28 bigint the list price, or NULL.
WITH ended AS (
    UPDATE generation g SET state = $3::text, lease_token = NULL, lease_until = NULL, boot_id = NULL, owner_endpoint = NULL,
        marks = $7::bytea, stop_reason = $8::text, accepted = $9::boolean, error_code = $10::integer, error_reason = $11::text,
        error_message = $12::text, prompt_tokens = $14::integer, completion_tokens = $15::integer, cost_microcredits = $16::bigint,
        cached_tokens = $20::integer, cache_write_tokens = $21::integer + $22::integer, reasoning_tokens = $24::integer,
        end_time = lc.now()
    WHERE g.id = $1::uuid AND g.lease_token = $2::bigint AND g.state = 'RUNNING'
    RETURNING g.id, g.user_id, g.chat_id, g.user_message_id, g.assistant_message_id, g.model, g.attempt, g.end_time,
        g.api_key_id
), answer AS (
    UPDATE message m SET state = CASE $3::text WHEN 'DEAD' THEN 'FAILED' ELSE $3::text END, text = $4::text, reasoning = $5::text,
        tokens = $6::integer, items = $19::text
    FROM ended WHERE m.id = ended.assistant_message_id
    RETURNING m.id, m.family_id, m.position
), called AS (
    UPDATE api_call c SET text = $4::text, reasoning = $5::text, items = $19::text, body = NULL, end_time = ended.end_time,
        connection = CASE WHEN $3::text = 'DONE' THEN c.connection ELSE 'NONE' END
    FROM ended WHERE ended.chat_id IS NULL AND c.generation_id = ended.id
), counted AS (
    UPDATE user_total t SET bytes = t.bytes + octet_length($4::text) + octet_length($5::text) + octet_length($19::text)
    FROM ended WHERE t.user_id = ended.user_id AND ended.chat_id IS NOT NULL
), used AS (
    INSERT INTO usage (generation_id, attempt, user_id, model, provider, prompt_tokens, completion_tokens, source, price_version,
        cost_microcredits, cached_input_tokens, cache_write_5m_tokens, cache_write_1h_tokens, image_input_tokens, reasoning_tokens,
        images, audio_seconds, tool_calls, list_cost_microcredits, api_key_id)
    SELECT ended.id, ended.attempt, ended.user_id, ended.model, $13::text, $14::integer, $15::integer, $17::text, $18::text, $16::bigint,
        $20::integer, $21::integer, $22::integer, $23::integer, $24::integer, $25::integer, $26::integer, $27::integer,
        $28::bigint, ended.api_key_id
    FROM ended WHERE $17::text IS NOT NULL
)
SELECT (extract(epoch FROM ended.end_time) * 1000000)::bigint AS end_us,
    answer.position, (SELECT f.position FROM message f WHERE f.family_id = answer.family_id ORDER BY f.id DESC LIMIT 1) AS siblings,
    (SELECT f.id FROM message f WHERE f.family_id = answer.family_id AND f.id < answer.id ORDER BY f.id DESC LIMIT 1) AS previous_id,
    (SELECT f.id FROM message f WHERE f.family_id = answer.family_id AND f.id > answer.id ORDER BY f.id LIMIT 1) AS next_id
FROM ended LEFT JOIN answer ON true;

-- name: generation_forget
-- Deletes the checkpoints of generation $1, whose message has the text. After generation_end and not in it: a checkpoint that it waited for
-- is not in its snapshot.
-- Params: $1 uuid.
DELETE FROM checkpoint c WHERE c.generation_id = $1::uuid;

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
