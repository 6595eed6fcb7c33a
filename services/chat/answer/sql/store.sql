-- name: generation_start
-- Both messages and the generation, leased to process $13 at $14 for $15 milliseconds; the chat shows them and keeps the model. $6: parent
-- or NULL, at depth $7 - 1. $16: title for a chat that has none. $21: the question's place among its siblings; $22 and $23: ancestors that
-- question and answer jump to.
-- Params: $1 uuid generation, $2 uuid user, $3 uuid chat, $4 uuid user message, $5 uuid assistant message, $6 uuid, $7 integer,
-- $8 text, $9 integer tokens, $10 text model, $11 text key, $12 bytea hash, $13 uuid, $14 text, $15 bigint, $16 text, $17 text request id,
-- $18 double, $19 double, $20 integer, $21 integer, $22 uuid, $23 uuid, $24 boolean: in the background, where nobody has a lease yet,
-- $25 boolean: hurried (start_hurry).
-- Errors: generation_running, already_exists (the key).
WITH both_messages AS (
    INSERT INTO message (id, chat_id, user_id, parent_id, depth, role, state, text, tokens, position, jump_id, model, generation_id)
    VALUES ($4::uuid, $3::uuid, $2::uuid, $6::uuid, $7::integer, 'USER', 'DONE', $8::text, $9::integer, $21::integer, $22::uuid, '', NULL),
        ($5::uuid, $3::uuid, $2::uuid, $4::uuid, $7::integer + 1, 'ASSISTANT', 'RUNNING', '', 0, 1, $23::uuid, $10::text, $1::uuid)
), shown AS (
    UPDATE chat c SET leaf_id = $5::uuid, model = $10::text, update_time = lc.now(), messages = c.messages + 2,
        title = CASE WHEN c.title = '' THEN $16::text ELSE c.title END, title_due = c.title_due OR c.title = ''
    WHERE c.id = $3::uuid
)
INSERT INTO generation AS g (id, user_id, chat_id, user_message_id, assistant_message_id, model, state, idempotency_key, request_hash,
    boot_id, owner_endpoint, lease_token, lease_until, request_id, temperature, top_p, max_output_tokens,
    background, run_time)
SELECT $1::uuid, $2::uuid, $3::uuid, $4::uuid, $5::uuid, $10::text, CASE WHEN $24::boolean THEN 'QUEUED' ELSE 'RUNNING' END, $11::text,
    $12::bytea, lease.boot_id, lease.endpoint, lease.token, lease.until, $17::text, $18::double precision, $19::double precision,
    $20::integer, $24::boolean, CASE WHEN $24::boolean THEN lc.now() END
FROM (SELECT start_hurry($25::boolean)) hurried LEFT JOIN (
    SELECT $13::uuid AS boot_id, $14::text AS endpoint, nextval('lease_seq') AS token,
        lc.now() + $15::bigint * interval '1 millisecond' AS until
) lease ON NOT $24::boolean
RETURNING g.lease_token, (extract(epoch FROM g.lease_until) * 1000000)::bigint AS lease_us,
    (extract(epoch FROM g.create_time) * 1000000)::bigint AS create_us;
