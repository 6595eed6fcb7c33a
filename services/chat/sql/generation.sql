-- name: generation_by_key
-- The generation that user $1 started under key $2, and whether its request had the hash $3.
-- Params: $1 uuid, $2 text, $3 bytea.
SELECT g.id, g.request_hash = $3::bytea AS same_request,
    g.state = 'FAILED' AND NOT g.accepted AND g.error_code IN (4, 8, 10, 13, 14) AS may_retry
FROM generation g WHERE g.user_id = $1::uuid AND g.idempotency_key = $2::text;

-- name: generation_chat_model
-- The model of chat $1.
-- Params: $1 uuid.
SELECT c.model FROM chat c WHERE c.id = $1::uuid AND c.delete_time IS NULL;

-- name: generation_chat
-- Chat $1 for the transaction that writes into it.
-- Params: $1 uuid.
SELECT c.id, c.model, c.leaf_id, c.messages, c.title = '' AS untitled, c.update_time::text AS update_text
FROM chat c WHERE c.id = $1::uuid AND c.delete_time IS NULL FOR UPDATE OF c;

-- name: generation_count
-- Adds $2 bytes of text to those of user $1 and says how many they are. Until the transaction ends nobody else adds to them.
-- Params: $1 uuid, $2 bigint.
INSERT INTO user_total AS t (user_id, bytes) VALUES ($1::uuid, $2::bigint)
ON CONFLICT (user_id) DO UPDATE SET bytes = t.bytes + excluded.bytes
RETURNING t.bytes;

-- name: generation_place
-- Facts for a new message of user $3 whose parent in chat $2 is $1 (NULL: it is a root, and $5 the chat): how many siblings
-- it has (of family $5: below row level security no index serves an expression), how many generations of the user are not over (at most $4
-- are counted), the parent, and the parent's jumps to ancestors. depth is NULL: there is no such parent. After generation_count, so that
-- nobody else begins one.
-- Params: $1 uuid, $2 uuid, $3 uuid, $4 integer, $5 uuid.
SELECT coalesce((SELECT f.position FROM message f WHERE f.family_id = $5::uuid ORDER BY f.id DESC LIMIT 1), 0) AS siblings,
    (SELECT count(*) FROM (
        SELECT FROM generation r WHERE r.user_id = $3::uuid AND r.state IN ('QUEUED', 'RUNNING', 'WAITING') LIMIT $4::integer
    ) AS unfinished)::integer AS running,
    p.depth, j.id AS jump_id, j.depth AS jump_depth, k.id AS jump2_id, k.depth AS jump2_depth, l.id AS jump3_id, l.depth AS jump3_depth
FROM (SELECT $1::uuid AS id) AS given
LEFT JOIN message p ON p.id = given.id AND p.chat_id = $2::uuid
LEFT JOIN message j ON j.id = p.jump_id
LEFT JOIN message k ON k.id = j.jump_id
LEFT JOIN message l ON l.id = k.jump_id;

-- name: generation_start
-- Both messages and the generation, leased to process $13 at $14 for $15 milliseconds; the chat shows them and keeps the model. $6: parent
-- or NULL, at depth $7 - 1. $16: title for a chat that has none. $21: the question's place among its siblings; $22 and $23: ancestors that
-- question and answer jump to.
-- Params: $1 uuid generation, $2 uuid user, $3 uuid chat, $4 uuid user message, $5 uuid assistant message, $6 uuid, $7 integer,
-- $8 text, $9 integer tokens, $10 text model, $11 text key, $12 bytea hash, $13 uuid, $14 text, $15 bigint, $16 text, $17 text request id,
-- $18 double, $19 double, $20 integer, $21 integer, $22 uuid, $23 uuid.
-- Errors: generation_running, already_exists (the key).
WITH question AS (
    INSERT INTO message (id, chat_id, user_id, parent_id, depth, role, state, text, tokens, position, jump_id)
    VALUES ($4::uuid, $3::uuid, $2::uuid, $6::uuid, $7::integer, 'USER', 'DONE', $8::text, $9::integer, $21::integer, $22::uuid)
), answer AS (
    INSERT INTO message (id, chat_id, user_id, parent_id, depth, role, state, text, tokens, model, generation_id, jump_id)
    VALUES ($5::uuid, $3::uuid, $2::uuid, $4::uuid, $7::integer + 1, 'ASSISTANT', 'RUNNING', '', 0, $10::text, $1::uuid, $23::uuid)
), shown AS (
    UPDATE chat c SET leaf_id = $5::uuid, model = $10::text, update_time = lc.now(), messages = c.messages + 2,
        title = CASE WHEN c.title = '' THEN $16::text ELSE c.title END
    WHERE c.id = $3::uuid
)
INSERT INTO generation AS g (id, user_id, chat_id, user_message_id, assistant_message_id, model, state, idempotency_key, request_hash,
    boot_id, owner_endpoint, lease_token, lease_until, request_id, temperature, top_p, max_output_tokens)
VALUES ($1::uuid, $2::uuid, $3::uuid, $4::uuid, $5::uuid, $10::text, 'RUNNING', $11::text, $12::bytea,
    $13::uuid, $14::text, nextval('lease_seq'), lc.now() + $15::bigint * interval '1 millisecond', $17::text, $18::double precision,
    $19::double precision, $20::integer)
RETURNING g.lease_token, (extract(epoch FROM g.lease_until) * 1000000)::bigint AS lease_us,
    (extract(epoch FROM g.create_time) * 1000000)::bigint AS create_us;

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

-- name: generation_retry
-- Begins the failed, never accepted generation $1 anew, leased to process $2 at $3 for $4 milliseconds. No row: it is not that any more.
-- Params: $1 uuid, $2 uuid, $3 text, $4 bigint. Errors: generation_running.
WITH again AS (
    UPDATE generation g SET state = 'RUNNING', attempt = g.attempt + 1, boot_id = $2::uuid, owner_endpoint = $3::text,
        lease_token = nextval('lease_seq'), lease_until = lc.now() + $4::bigint * interval '1 millisecond',
        cancel_requested = false, error_code = NULL, error_reason = NULL, error_message = NULL, end_time = NULL, marks = NULL
    WHERE g.id = $1::uuid AND g.state = 'FAILED' AND NOT g.accepted
    RETURNING g.id, g.user_id, g.chat_id, g.user_message_id, g.assistant_message_id, g.model, g.attempt, g.lost, g.lease_token,
        g.lease_until, g.cancel_requested, g.request_id, g.temperature, g.top_p, g.max_output_tokens, g.create_time
), answer AS (
    UPDATE message m SET state = 'RUNNING' FROM again WHERE m.id = again.assistant_message_id
)
SELECT again.id, again.user_id, again.chat_id, again.user_message_id, again.assistant_message_id, again.model, again.attempt, again.lost,
    again.lease_token, (extract(epoch FROM again.lease_until) * 1000000)::bigint AS lease_us, again.cancel_requested, again.request_id,
    again.temperature, again.top_p, again.max_output_tokens, (extract(epoch FROM again.create_time) * 1000000)::bigint AS create_us
FROM again;

-- name: generation_claim
-- Takes at most $4 generations whose lease is over to process $1 at $2 for $3 milliseconds: the next attempt.
-- Params: $1 uuid, $2 text, $3 bigint, $4 integer.
UPDATE generation g SET attempt = g.attempt + 1, lost = g.lost + 1, boot_id = $1::uuid, owner_endpoint = $2::text,
    lease_token = nextval('lease_seq'), lease_until = lc.now() + $3::bigint * interval '1 millisecond'
WHERE g.id IN (
    SELECT l.id FROM generation l WHERE l.state = 'RUNNING' AND l.lease_until < lc.now()
    ORDER BY l.lease_until LIMIT $4::integer FOR UPDATE SKIP LOCKED
)
RETURNING g.id, g.user_id, g.chat_id, g.user_message_id, g.assistant_message_id, g.model, g.attempt, g.lost, g.lease_token,
    (extract(epoch FROM g.lease_until) * 1000000)::bigint AS lease_us, g.cancel_requested, g.request_id,
    g.temperature, g.top_p, g.max_output_tokens, (extract(epoch FROM g.create_time) * 1000000)::bigint AS create_us;

-- name: generation_end_former
-- Ends the leases of former processes at endpoint $1; $2 is the one that lives now.
-- Params: $1 text, $2 uuid.
UPDATE generation g SET lease_until = lc.now() - interval '1 millisecond'
WHERE g.state = 'RUNNING' AND g.owner_endpoint = $1::text AND g.boot_id <> $2::uuid;

-- name: generation_release
-- Ends the leases of process $1, which stops, so that another replica takes over at once. That is no loss, which the claim will count.
-- Params: $1 uuid.
UPDATE generation g SET lease_until = lc.now() - interval '1 millisecond', lost = g.lost - 1
WHERE g.state = 'RUNNING' AND g.boot_id = $1::uuid;

-- name: generation_renew
-- Renews the leases $2 of generations $1 for $3 milliseconds; the rows say which are still held.
-- Params: $1 uuid[], $2 bigint[], $3 bigint.
UPDATE generation g SET lease_until = lc.now() + $3::bigint * interval '1 millisecond'
FROM unnest($1::uuid[], $2::bigint[]) AS i (id, token)
WHERE g.id = i.id AND g.lease_token = i.token AND g.state = 'RUNNING'
RETURNING g.id, (extract(epoch FROM g.lease_until) * 1000000)::bigint AS lease_us;

-- name: generation_checkpoint
-- Stores what generations $1 under leases $2 have written since the last time; the rows say which leases are still held. The lock makes a
-- replica that takes over wait, so nothing of a lost lease comes after it. A repeat, after an unknown outcome, writes the same row longer.
-- Params: $1 uuid[], $2 bigint[], $3 integer[] epochs, $4 integer[] first events, $5 text[], $6 text[] reasoning, $7 bytea[] marks ('':
-- nothing new).
WITH held AS (
    SELECT g.id, g.user_id, g.cancel_requested, i.epoch, i.first_seq, i.text, i.reasoning, i.marks
    FROM unnest($1::uuid[], $2::bigint[], $3::integer[], $4::integer[], $5::text[], $6::text[], $7::bytea[])
        AS i (id, token, epoch, first_seq, text, reasoning, marks)
    JOIN generation g ON g.id = i.id
    WHERE g.lease_token = i.token AND g.state = 'RUNNING'
    FOR SHARE OF g
), written AS (
    INSERT INTO checkpoint (generation_id, epoch, first_seq, user_id, text, reasoning, marks)
    SELECT h.id, h.epoch, h.first_seq, h.user_id, h.text, h.reasoning, h.marks FROM held h WHERE h.marks <> ''::bytea
    ON CONFLICT (generation_id, epoch, first_seq)
        DO UPDATE SET text = excluded.text, reasoning = excluded.reasoning, marks = excluded.marks
)
SELECT held.id, held.cancel_requested FROM held;

-- name: generation_end
-- The end of generation $1 under lease $2: state $3, texts, usage. $9: its price was held. $10: error code, $11 reason, $12 message, or NULL.
-- $16: what is charged; $17: from where the token counts are, or NULL when nothing is charged. No row: the lease is lost.
-- Params: $1 uuid, $2 bigint, $3 text, $4 text, $5 text reasoning, $6 integer tokens of text, $7 bytea marks, $8 text stop reason,
-- $9 boolean, $10 integer, $11 text, $12 text, $13 text provider, $14 integer prompt tokens, $15 integer completion tokens, $16 bigint,
-- $17 text, $18 text price version.
WITH ended AS (
    UPDATE generation g SET state = $3::text, lease_token = NULL, lease_until = NULL, boot_id = NULL, owner_endpoint = NULL,
        marks = $7::bytea, stop_reason = $8::text, accepted = $9::boolean, error_code = $10::integer, error_reason = $11::text,
        error_message = $12::text, prompt_tokens = $14::integer, completion_tokens = $15::integer, cost_microcredits = $16::bigint,
        end_time = lc.now()
    WHERE g.id = $1::uuid AND g.lease_token = $2::bigint AND g.state = 'RUNNING'
    RETURNING g.id, g.user_id, g.chat_id, g.user_message_id, g.assistant_message_id, g.model, g.attempt, g.end_time
), answer AS (
    UPDATE message m SET state = $3::text, text = $4::text, reasoning = $5::text, tokens = $6::integer
    FROM ended WHERE m.id = ended.assistant_message_id
    RETURNING m.id, m.family_id, m.position
), counted AS (
    UPDATE user_total t SET bytes = t.bytes + octet_length($4::text) + octet_length($5::text) FROM ended WHERE t.user_id = ended.user_id
), used AS (
    INSERT INTO usage (generation_id, attempt, user_id, model, provider, prompt_tokens, completion_tokens, source, price_version,
        cost_microcredits)
    SELECT ended.id, ended.attempt, ended.user_id, ended.model, $13::text, $14::integer, $15::integer, $17::text, $18::text, $16::bigint
    FROM ended WHERE $17::text IS NOT NULL
)
SELECT (extract(epoch FROM ended.end_time) * 1000000)::bigint AS end_us,
    answer.position, (SELECT f.position FROM message f WHERE f.family_id = answer.family_id ORDER BY f.id DESC LIMIT 1) AS siblings,
    (SELECT f.id FROM message f WHERE f.family_id = answer.family_id AND f.id < answer.id ORDER BY f.id DESC LIMIT 1) AS previous_id,
    (SELECT f.id FROM message f WHERE f.family_id = answer.family_id AND f.id > answer.id ORDER BY f.id LIMIT 1) AS next_id
FROM ended CROSS JOIN answer;

-- name: generation_forget
-- Deletes the checkpoints of generation $1, whose message has the text. After generation_end and not in it: a checkpoint that it waited for
-- is not in its snapshot.
-- Params: $1 uuid.
DELETE FROM checkpoint c WHERE c.generation_id = $1::uuid;

-- name: generation_get
-- Generation $1.
-- Params: $1 uuid.
SELECT g.id, g.user_id, g.chat_id, g.user_message_id, g.assistant_message_id, g.model, g.state, g.attempt, g.stop_reason, g.prompt_tokens,
    g.completion_tokens, g.cost_microcredits, g.accepted, g.error_code, g.error_reason, g.error_message, g.request_id,
    (extract(epoch FROM g.create_time) * 1000000)::bigint AS create_us,
    (extract(epoch FROM g.end_time) * 1000000)::bigint AS end_us
FROM generation g WHERE g.id = $1::uuid;

-- name: generation_watch
-- Generation $1 for somebody who watches it: who runs it, or its texts when it ended.
-- Params: $1 uuid.
SELECT g.id, g.user_id, g.chat_id, g.user_message_id, g.assistant_message_id, g.model, g.state, g.attempt, g.stop_reason, g.prompt_tokens,
    g.completion_tokens, g.cost_microcredits, g.accepted, g.error_code, g.error_reason, g.error_message, g.request_id,
    (extract(epoch FROM g.create_time) * 1000000)::bigint AS create_us,
    (extract(epoch FROM g.end_time) * 1000000)::bigint AS end_us,
    g.boot_id, g.owner_endpoint, g.marks, m.text, m.reasoning,
    m.position, (SELECT f.position FROM message f WHERE f.family_id = m.family_id ORDER BY f.id DESC LIMIT 1) AS siblings,
    (SELECT f.id FROM message f WHERE f.family_id = m.family_id AND f.id < m.id ORDER BY f.id DESC LIMIT 1) AS previous_id,
    (SELECT f.id FROM message f WHERE f.family_id = m.family_id AND f.id > m.id ORDER BY f.id LIMIT 1) AS next_id
FROM generation g JOIN message m ON m.id = g.assistant_message_id
WHERE g.id = $1::uuid;

-- name: generation_pieces
-- What the newest attempt of generation $1 that wrote anything has stored.
-- Params: $1 uuid.
SELECT c.epoch, c.first_seq, c.text, c.reasoning, c.marks
FROM checkpoint c
WHERE c.generation_id = $1::uuid
    AND c.epoch = (SELECT max(e.epoch) FROM checkpoint e WHERE e.generation_id = $1::uuid)
ORDER BY c.first_seq;

-- name: generation_cancel
-- Asks generation $1 to stop, if it runs; who runs it. No row: no such generation.
-- Params: $1 uuid.
WITH asked AS (
    UPDATE generation g SET cancel_requested = true WHERE g.id = $1::uuid AND g.state IN ('QUEUED', 'RUNNING', 'WAITING')
)
SELECT g.state, g.boot_id, g.owner_endpoint FROM generation g WHERE g.id = $1::uuid;

-- name: model_price_insert
-- Keeps the terms of a price version.
-- Params: $1 text version, $2 text model, $3 bigint, $4 bigint, $5 bigint.
INSERT INTO model_price (version, model, per_message_microcredits, input_per_1k_microcredits, output_per_1k_microcredits)
VALUES ($1::text, $2::text, $3::bigint, $4::bigint, $5::bigint)
ON CONFLICT (version) DO NOTHING;
