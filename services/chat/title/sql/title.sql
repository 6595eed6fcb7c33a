-- name: title_due
-- The first $4 characters of question $2 and answer $3 of chat $1, whose title is still the first words of a question. No row: it has another
-- title, or is gone.
-- Params: $1 uuid, $2 uuid, $3 uuid, $4 integer.
SELECT left(q.text, $4::integer) AS question, left(a.text, $4::integer) AS answer
FROM chat c JOIN message q ON q.id = $2::uuid JOIN message a ON a.id = $3::uuid
WHERE c.id = $1::uuid AND c.title_due AND c.delete_time IS NULL;

-- name: title_set
-- Chat $1 gets title $2, unless its user gave it one meanwhile. No row: it keeps its title.
-- Params: $1 uuid, $2 text.
UPDATE chat c SET title = $2::text, title_due = false WHERE c.id = $1::uuid AND c.title_due AND c.delete_time IS NULL RETURNING c.id;

-- name: title_usage
-- What the title of user $2 took of model $3 at provider $4. It is free; $10 is the list price or NULL.
-- Params: $1 uuid, $2 uuid, $3 text, $4 text, $5 integer prompt tokens, $6 integer completion tokens, $7 text source, $8 text price version,
-- $9 integer cached tokens, $10 bigint, $11 integer of reasoning.
INSERT INTO usage (generation_id, attempt, user_id, model, provider, prompt_tokens, completion_tokens, source, price_version,
    cost_microcredits, cached_input_tokens, cache_write_5m_tokens, cache_write_1h_tokens, image_input_tokens, reasoning_tokens,
    images, audio_seconds, tool_calls, list_cost_microcredits)
VALUES ($1::uuid, 1, $2::uuid, $3::text, $4::text, $5::integer, $6::integer, $7::text, $8::text, 0, $9::integer, 0, 0, 0, $11::integer, 0, 0, 0,
    $10::bigint);
