-- name: search_work
-- Whether something is to be indexed.
SELECT EXISTS (SELECT FROM search_due) AS due, s.message IS NOT NULL AS messages, s.chat IS NOT NULL AS titles FROM search_start s;

-- name: search_lock
-- Whether this transaction indexes. Others do not meanwhile.
SELECT pg_try_advisory_xact_lock('search_due'::regclass::oid::integer, 0) AS mine;

-- name: search_due
-- What is due, the first $1 as far as they have at most $2 bytes of text, and the first in any case. user_id is NULL when it is gone or
-- is being written. An era has $3 messages.
-- Params: $1 integer, $2 bigint, $3 integer.
SELECT b.seq, b.message_id, b.chat_id, b.user_id, b.create_time, b.model, b.text, p.era, search_prefix(b.user_id, p.era) AS prefix
FROM (
    SELECT d.seq, m.id AS message_id, coalesce(m.chat_id, c.id) AS chat_id, coalesce(m.user_id, c.user_id) AS user_id,
        coalesce(m.create_time, c.create_time) AS create_time, m.model, coalesce(m.text, c.title) AS text,
        sum(octet_length(m.text)) OVER (ORDER BY d.seq) - octet_length(m.text) AS before
    FROM (SELECT s.seq, s.message_id, s.chat_id FROM search_due s ORDER BY s.seq LIMIT $1::integer) d
    LEFT JOIN message m ON m.id = d.message_id AND m.state <> 'RUNNING'
    LEFT JOIN chat c ON c.id = d.chat_id
) b
LEFT JOIN LATERAL (
    SELECT e.era, e.messages FROM search_era e WHERE e.user_id = b.user_id AND b.message_id IS NOT NULL ORDER BY e.era DESC LIMIT 1
) e ON true
CROSS JOIN LATERAL (
    SELECT CASE WHEN b.message_id IS NULL THEN -32768 WHEN e.era IS NULL OR e.era < 0 THEN 0
        WHEN e.messages >= $3::integer THEN e.era + 1 ELSE e.era END AS era
) p
WHERE coalesce(b.before, 0) <= $2::bigint
ORDER BY b.seq;

-- name: search_start_messages
-- The last $1 messages below where the first indexing has come to, as far as they have at most $2 bytes of text. known: indexed already, or
-- nothing to be indexed. An era has $3 messages.
-- Params: $1 integer, $2 bigint, $3 integer.
SELECT NULL::bigint AS seq, b.id AS message_id, b.chat_id, b.user_id, b.create_time, b.model, b.text, p.era, search_prefix(b.user_id, p.era) AS prefix,
    b.state = 'RUNNING' OR b.text = '' OR EXISTS (SELECT FROM search_message s WHERE s.id = b.id) AS known
FROM (
    SELECT m.id, m.chat_id, m.user_id, m.create_time, m.model, m.text, m.state,
        sum(octet_length(m.text)) OVER (ORDER BY m.id DESC) - octet_length(m.text) AS before
    FROM (
        SELECT n.id, n.chat_id, n.user_id, n.create_time, n.model, n.text, n.state FROM message n
        WHERE n.id < (SELECT t.message FROM search_start t) ORDER BY n.id DESC LIMIT $1::integer
    ) m
) b
LEFT JOIN LATERAL (SELECT e.era, e.messages FROM search_era e WHERE e.user_id = b.user_id ORDER BY e.era LIMIT 1) e ON true
CROSS JOIN LATERAL (
    SELECT CASE WHEN e.era IS NULL OR e.era >= 0 THEN -1 WHEN e.messages >= $3::integer THEN e.era - 1 ELSE e.era END AS era
) p
WHERE b.before <= $2::bigint
ORDER BY b.id DESC;

-- name: search_start_titles
-- The last $1 chats below where the first indexing has come to.
-- Params: $1 integer.
SELECT NULL::bigint AS seq, NULL::uuid AS message_id, c.id AS chat_id, c.user_id, c.create_time, '' AS model, c.title AS text, -32768 AS era,
    search_prefix(c.user_id, -32768) AS prefix, c.title = '' OR EXISTS (SELECT FROM search_title s WHERE s.chat_id = c.id) AS known
FROM chat c WHERE c.id < (SELECT t.chat FROM search_start t) ORDER BY c.id DESC LIMIT $1::integer;

-- name: search_start_set
-- The first indexing has come to message $1 and chat $2; NULL: to the end.
-- Params: $1 uuid, $2 uuid.
UPDATE search_start SET message = $1::uuid, chat = $2::uuid;

-- name: search_start_get
-- Where the first indexing has come to.
SELECT s.message, s.chat FROM search_start s;

-- name: search_store
-- Stores the words of messages, or of titles where $1 is NULL. A text without words is taken out of the index.
-- Params: $1 uuid[], $2 uuid[] chats, $3 uuid[] users, $4 timestamptz[], $5 text[] models, $6 text[] words, $7 integer[] eras.
WITH made AS MATERIALIZED (
    SELECT i.id, i.chat_id, i.user_id, i.create_time, i.model, i.words, i.era
    FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::timestamptz[], $5::text[], $6::text[], $7::integer[])
        AS i (id, chat_id, user_id, create_time, model, words, era)
), stored AS (
    INSERT INTO search_message (id, chat_id, user_id, create_time, model, words)
    SELECT DISTINCT ON (i.id) i.id, i.chat_id, i.user_id, i.create_time, i.model, i.words::tsvector
    FROM made i JOIN message m ON m.id = i.id WHERE i.words <> '' ORDER BY i.id
    ON CONFLICT (id) DO UPDATE SET model = excluded.model, words = excluded.words
), emptied AS (
    DELETE FROM search_message s USING made i WHERE s.id = i.id AND i.words = ''
), titled AS (
    INSERT INTO search_title (chat_id, user_id, words)
    SELECT DISTINCT ON (i.chat_id) i.chat_id, i.user_id, i.words::tsvector
    FROM made i JOIN chat c ON c.id = i.chat_id WHERE i.id IS NULL AND i.words <> '' ORDER BY i.chat_id
    ON CONFLICT (chat_id) DO UPDATE SET words = excluded.words
), untitled AS (
    DELETE FROM search_title s USING made i WHERE i.id IS NULL AND s.chat_id = i.chat_id AND i.words = ''
)
INSERT INTO search_era AS e (user_id, era, messages, from_time, until_time)
SELECT i.user_id, i.era, count(*), min(i.create_time), max(i.create_time)
FROM made i WHERE i.id IS NOT NULL AND i.words <> '' GROUP BY i.user_id, i.era ORDER BY i.user_id, i.era
ON CONFLICT (user_id, era) DO UPDATE SET messages = e.messages + excluded.messages,
    from_time = least(e.from_time, excluded.from_time), until_time = greatest(e.until_time, excluded.until_time);

-- name: search_done
-- These are not due any more.
-- Params: $1 bigint[].
DELETE FROM search_due d WHERE d.seq = ANY ($1::bigint[]);
