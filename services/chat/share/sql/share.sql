-- part: share_columns
-- Of share s with its chat c. outdated: the chat shows another last message than the snapshot. The key of a list's page follows as page_key.
    s.id, s.chat_id, s.salt, s.token_hash, s.audience, s.author, s.title, s.messages,
    (extract(epoch FROM s.create_time) * 1000000)::bigint AS create_us,
    (extract(epoch FROM s.snapshot_time) * 1000000)::bigint AS snapshot_us,
    (extract(epoch FROM s.expire_time) * 1000000)::bigint AS expire_us,
    coalesce(s.expire_time <= lc.now(), false) AS expired,
    (c.leaf_id IS DISTINCT FROM s.leaf_id
        AND EXISTS (SELECT FROM message m WHERE m.id = c.leaf_id AND m.state <> 'RUNNING' AND m.text <> '')) AS outdated,

-- name: share_chat
-- Chat $1 for the transaction that shares it, its leaf, and the share that it has. past: $2 is over. No row: no such chat.
-- Params: $1 uuid, $2 timestamptz.
SELECT c.leaf_id, s.id AS share_id, $2::timestamptz <= lc.now() AS past FROM chat c LEFT JOIN share s ON s.chat_id = c.id
WHERE c.id = $1::uuid AND c.delete_time IS NULL FOR UPDATE OF c;

-- name: share_lock
-- Until the transaction ends no other one of user $1 counts what the user shares.
-- Params: $1 uuid.
SELECT t.user_id FROM user_total t WHERE t.user_id = $1::uuid FOR UPDATE;

-- name: share_owner
-- What user $1 shares beside chat $2; after share_lock.
-- Params: $1 uuid, $2 uuid.
SELECT count(*)::integer AS shares, coalesce(sum(s.bytes), 0)::bigint AS bytes FROM share s WHERE s.user_id = $1::uuid AND s.chat_id <> $2::uuid;

-- part: share_branch
-- The branch of message $2 in chat $1, as far as a snapshot has it: texts of questions and answers that are not being written.
WITH RECURSIVE up AS (
    SELECT m.id, m.parent_id, m.depth, m.role, m.state FROM message m WHERE m.id = $2::uuid AND m.chat_id = $1::uuid
    UNION ALL
    SELECT p.id, p.parent_id, p.depth, p.role, p.state
    FROM up CROSS JOIN LATERAL (
        SELECT m.id, m.parent_id, m.depth, m.role, m.state FROM message m WHERE m.id = up.parent_id OFFSET 0
    ) p
), branch AS (
    SELECT m.id, m.role, m.text, m.tokens, m.model, row_number() OVER (ORDER BY up.depth)::integer AS position
    FROM up JOIN message m ON m.id = up.id
    WHERE up.role IN ('USER', 'ASSISTANT') AND up.state <> 'RUNNING' AND m.text <> ''
)

-- name: share_measure
-- How many messages and bytes a snapshot of the branch has, and its last message.
-- Params: $1 uuid, $2 uuid.
@share_branch
SELECT count(*)::integer AS messages, coalesce(sum(octet_length(branch.text)::bigint), 0)::bigint AS bytes,
    (array_agg(branch.id ORDER BY branch.position DESC))[1] AS leaf_id
FROM branch;

-- name: share_keep
-- Share $1 of chat $2 and user $3, with salt $4, token's hash $5, audience $6, author $7, expiry $8, messages $9, bytes $10 and last message
-- $11. The share that the chat has keeps its id, its salt and its hash; its snapshot is that of now.
-- Params: $1 uuid, $2 uuid, $3 uuid, $4 bytea, $5 bytea, $6 text, $7 text, $8 timestamptz, $9 integer, $10 bigint, $11 uuid.
INSERT INTO share AS s (id, chat_id, user_id, salt, token_hash, audience, author, title, messages, bytes, leaf_id, expire_time)
SELECT $1::uuid, c.id, $3::uuid, $4::bytea, $5::bytea, $6::text, $7::text, c.title, $9::integer, $10::bigint, $11::uuid, $8::timestamptz
FROM chat c WHERE c.id = $2::uuid
ON CONFLICT (chat_id) DO UPDATE SET audience = excluded.audience, author = excluded.author, title = excluded.title,
    messages = excluded.messages, bytes = excluded.bytes, leaf_id = excluded.leaf_id, expire_time = excluded.expire_time,
    snapshot_time = lc.now()
RETURNING s.id;

-- name: share_terms
-- Audience $2, author $3 and expiry $4 of share $1. Its snapshot stays.
-- Params: $1 uuid, $2 text, $3 text, $4 timestamptz.
UPDATE share s SET audience = $2::text, author = $3::text, expire_time = $4::timestamptz WHERE s.id = $1::uuid;

-- name: share_empty
-- Takes the text out of share $1.
-- Params: $1 uuid.
DELETE FROM share_message m WHERE m.share_id = $1::uuid;

-- name: share_fill
-- Puts the branch into share $3 of user $4.
-- Params: $1 uuid, $2 uuid, $3 uuid, $4 uuid.
@share_branch
INSERT INTO share_message (share_id, position, user_id, role, text, tokens, model)
SELECT $3::uuid, branch.position, $4::uuid, branch.role, branch.text, branch.tokens, branch.model FROM branch;

-- name: share_get
-- Share $1.
-- Params: $1 uuid.
SELECT
@share_columns
    NULL::text AS page_key
FROM share s JOIN chat c ON c.id = s.chat_id WHERE s.id = $1::uuid;

-- name: share_list
-- Shares of user $1, of chat $2 if not NULL, older than the row ($3, $4), at most $5.
-- Params: $1 uuid, $2 uuid, $3 timestamptz, $4 uuid, $5 integer.
SELECT
@share_columns
    s.create_time::text AS page_key
FROM share s JOIN chat c ON c.id = s.chat_id
WHERE s.user_id = $1::uuid AND ($2::uuid IS NULL OR s.chat_id = $2::uuid) AND (s.create_time, s.id) < ($3::timestamptz, $4::uuid)
ORDER BY s.create_time DESC, s.id DESC
LIMIT $5::integer;

-- name: share_end
-- Ends the share of chat $1, if it has one. No row: no such chat.
-- Params: $1 uuid.
WITH gone AS (
    DELETE FROM share s WHERE s.chat_id = $1::uuid
)
SELECT c.id FROM chat c WHERE c.id = $1::uuid AND c.delete_time IS NULL;

-- name: share_purge
-- Erases at most 1000 shares that expired more than $1 milliseconds ago.
-- Params: $1 bigint.
DELETE FROM share s USING (
    SELECT e.id FROM share e WHERE e.expire_time < lc.now() - $1::bigint * interval '1 millisecond' ORDER BY e.expire_time LIMIT 1000
) due WHERE s.id = due.id;

-- name: shared_page
-- What the link with the token's hash $1 shows, from behind message $2 on: at most $3 messages, and those that follow on at most $4 bytes.
-- No row: there is no such link for the caller.
-- Params: $1 bytea, $2 integer, $3 integer, $4 bigint.
SELECT p.title, p.author, p.audience, p.messages, p.bytes, p.snapshot_us, p.expire_us, p.position, p.role, p.text, p.model
FROM shared_page($1::bytea, $2::integer, $3::integer, $4::bigint) p;

-- name: shared_copy
-- Copies what the link with the token's hash $1 shows into chat $2 of user $3, which has no messages. Message n has id $4[n], jumps to
-- $5[n], and is a child of the message before it. It says how many were copied, with how many bytes.
-- Params: $1 bytea, $2 uuid, $3 uuid, $4 uuid[], $5 uuid[].
WITH copied AS (
    INSERT INTO message (id, chat_id, user_id, parent_id, depth, role, state, text, tokens, jump_id, model)
    SELECT ($4::uuid[])[p.position], $2::uuid, $3::uuid, ($4::uuid[])[p.position - 1], p.position - 1, p.role, 'DONE', p.text, p.tokens,
        ($5::uuid[])[p.position], p.model
    FROM shared_page($1::bytea, 0, cardinality($4::uuid[]), 9223372036854775807) p
    RETURNING octet_length(text) AS bytes
)
SELECT count(*)::integer AS messages, coalesce(sum(copied.bytes), 0)::bigint AS bytes FROM copied;

-- name: shared_copied
-- Chat $1 shows its $2 messages, of which $3 is the last.
-- Params: $1 uuid, $2 integer, $3 uuid.
UPDATE chat c SET messages = $2::integer, leaf_id = $3::uuid WHERE c.id = $1::uuid
RETURNING
@chat_columns
    NULL::uuid AS running_id;
