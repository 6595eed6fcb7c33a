-- name: search_messages
-- A page of messages with the query $1, the best first, after score $12 and message $13, at most $14 of them with $15 characters of text; the other
-- parameters are those of the function. The last row has no id: its era is where the function ended.
-- Params: $1 text, $2 bigint microseconds, $3 integer, $4 integer, $5 integer, $6 bigint, $7 uuid, $8 text, $9 timestamptz, $10 timestamptz,
-- $11 boolean, $12 double precision, $13 uuid, $14 integer, $15 integer.
WITH found AS MATERIALIZED (
    SELECT f.id, f.chat_id, f.score, f.era
    FROM search_messages($1::text, to_timestamp($2::bigint / 1000000.0), $3::integer, $4::integer, $5::integer, $6::bigint, $7::uuid, $8::text,
        $9::timestamptz, $10::timestamptz, $11::boolean) f
), page AS MATERIALIZED (
    SELECT f.id, f.chat_id, f.score FROM found f WHERE f.id IS NOT NULL AND (f.score, f.id) < ($12::double precision, $13::uuid)
    ORDER BY f.score DESC, f.id DESC LIMIT $14::integer
)
SELECT p.id, p.chat_id, p.score AS worth, p.score::text AS score, c.title, c.archived, c.project_id, m.role, m.model, substr(m.text, 1, $15::integer) AS text,
    (extract(epoch FROM m.create_time) * 1000000)::bigint AS create_us, NULL::integer AS era
FROM page p
LEFT JOIN LATERAL (SELECT m.role, m.model, m.text, m.create_time FROM message m WHERE m.id = p.id OFFSET 0) m ON true
LEFT JOIN LATERAL (SELECT c.title, c.archived, c.project_id FROM chat c WHERE c.id = p.chat_id OFFSET 0) c ON true
UNION ALL
SELECT NULL, NULL, f.score, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, f.era FROM found f WHERE f.id IS NULL
ORDER BY worth DESC, id DESC;

-- name: search_titles
-- A page of chats whose titles have the query $1, the best first, after score $9 and chat $10, at most $11; the other parameters are those of the
-- function.
-- Params: $1 text, $2 bigint microseconds, $3 integer, $4 uuid, $5 text, $6 timestamptz, $7 timestamptz, $8 boolean, $9 double precision,
-- $10 uuid, $11 integer.
SELECT f.chat_id AS id, f.score::text AS score, c.title, c.archived, c.project_id, c.model,
    (extract(epoch FROM c.update_time) * 1000000)::bigint AS create_us
FROM (
    SELECT t.chat_id, t.score
    FROM search_titles($1::text, to_timestamp($2::bigint / 1000000.0), $3::integer, $4::uuid, $5::text, $6::timestamptz, $7::timestamptz,
        $8::boolean) t
    WHERE (t.score, t.chat_id) < ($9::double precision, $10::uuid)
    ORDER BY t.score DESC, t.chat_id DESC LIMIT $11::integer
) f
CROSS JOIN LATERAL (SELECT c.title, c.archived, c.project_id, c.model, c.update_time FROM chat c WHERE c.id = f.chat_id OFFSET 0) c
ORDER BY f.score DESC, f.chat_id DESC;
