-- part: chat_columns
-- Of chat c. The id of the generation that runs in it follows as running_id.
    c.id, c.title, c.project_id, c.model, c.pinned, c.archived, c.unread, c.leaf_id,
    (extract(epoch FROM c.delete_time) * 1000000)::bigint AS delete_us,
    (extract(epoch FROM c.create_time) * 1000000)::bigint AS create_us,
    (extract(epoch FROM c.update_time) * 1000000)::bigint AS update_us,

-- name: chat_insert
-- A new chat $1 of user $2 with title $3, model $4 and project $6. No row: the user has $5 chats.
-- Params: $1 uuid, $2 uuid, $3 text, $4 text, $5 integer, $6 uuid.
WITH counted AS (
    INSERT INTO user_total AS t (user_id, chats) VALUES ($2::uuid, 1)
    ON CONFLICT (user_id) DO UPDATE SET chats = t.chats + 1 WHERE t.chats < $5::integer
    RETURNING t.user_id
)
INSERT INTO chat AS c (id, user_id, title, model, project_id)
SELECT $1::uuid, counted.user_id, $3::text, $4::text, $6::uuid FROM counted
RETURNING
@chat_columns
    NULL::uuid AS running_id;

-- name: chat_get
-- Chat $1 that is not in the bin.
-- Params: $1 uuid.
SELECT
@chat_columns
    g.id AS running_id
FROM chat c LEFT JOIN generation g ON g.chat_id = c.id AND g.state IN ('QUEUED', 'RUNNING', 'WAITING')
WHERE c.id = $1::uuid AND c.delete_time IS NULL;

-- part: chat_list_columns
    g.id AS running_id,
    CASE WHEN c.pinned THEN 't' ELSE 'f' END || c.update_time::text AS page_key

-- name: chat_list
-- Chats of user $1, archived or not ($2), after the row ($3, $4, $5), at most $6.
-- Params: $1 uuid, $2 boolean, $3 boolean, $4 timestamptz, $5 uuid, $6 integer.
SELECT
@chat_columns
@chat_list_columns
FROM chat c LEFT JOIN generation g ON g.chat_id = c.id AND g.state IN ('QUEUED', 'RUNNING', 'WAITING')
WHERE c.user_id = $1::uuid AND c.archived = $2::boolean AND c.delete_time IS NULL
    AND (c.pinned, c.update_time, c.id) < ($3::boolean, $4::timestamptz, $5::uuid)
ORDER BY c.pinned DESC, c.update_time DESC, c.id DESC
LIMIT $6::integer;

-- name: chat_list_outside
-- The same for chats without a project. Each of the three lists has an index of its own.
-- Params: $1 uuid, $2 boolean, $3 boolean, $4 timestamptz, $5 uuid, $6 integer.
SELECT
@chat_columns
@chat_list_columns
FROM chat c LEFT JOIN generation g ON g.chat_id = c.id AND g.state IN ('QUEUED', 'RUNNING', 'WAITING')
WHERE c.user_id = $1::uuid AND c.archived = $2::boolean AND c.delete_time IS NULL AND c.project_id IS NULL
    AND (c.pinned, c.update_time, c.id) < ($3::boolean, $4::timestamptz, $5::uuid)
ORDER BY c.pinned DESC, c.update_time DESC, c.id DESC
LIMIT $6::integer;

-- name: chat_list_of_project
-- The same for chats of project $1.
-- Params: $1 uuid, $2 boolean, $3 boolean, $4 timestamptz, $5 uuid, $6 integer.
SELECT
@chat_columns
@chat_list_columns
FROM chat c LEFT JOIN generation g ON g.chat_id = c.id AND g.state IN ('QUEUED', 'RUNNING', 'WAITING')
WHERE c.project_id = $1::uuid AND c.archived = $2::boolean AND c.delete_time IS NULL
    AND (c.pinned, c.update_time, c.id) < ($3::boolean, $4::timestamptz, $5::uuid)
ORDER BY c.pinned DESC, c.update_time DESC, c.id DESC
LIMIT $6::integer;

-- name: chat_bin
-- Chats of user $1 that lie in the bin for at most $5 milliseconds, after the row ($2, $3), at most $4.
-- Params: $1 uuid, $2 timestamptz, $3 uuid, $4 integer, $5 bigint.
SELECT
@chat_columns
    NULL::uuid AS running_id, c.delete_time::text AS page_key
FROM chat c
WHERE c.user_id = $1::uuid AND c.delete_time > lc.now() - $5::bigint * interval '1 millisecond'
    AND (c.delete_time, c.id) < ($2::timestamptz, $3::uuid)
ORDER BY c.delete_time DESC, c.id DESC
LIMIT $4::integer;

-- name: chat_update
-- Chat $1: title $2, model $3, pinned $4, archived $5, leaf $6, unread $7; NULL leaves a value as it is. $8: it gets project $9. No row: no
-- such chat.
-- Params: $1 uuid, $2 text, $3 text, $4 boolean, $5 boolean, $6 uuid, $7 boolean, $8 boolean, $9 uuid.
UPDATE chat c SET title = coalesce($2::text, c.title), title_due = c.title_due AND $2::text IS NULL, model = coalesce($3::text, c.model),
    pinned = coalesce($4::boolean, c.pinned), archived = coalesce($5::boolean, c.archived),
    change_id = CASE WHEN $5::boolean IS NULL THEN c.change_id END,
    leaf_id = coalesce($6::uuid, c.leaf_id), unread = coalesce($7::boolean, c.unread),
    project_id = CASE WHEN $8::boolean THEN $9::uuid ELSE c.project_id END,
    past_project_id = CASE WHEN $8::boolean THEN NULL ELSE c.past_project_id END
WHERE c.id = $1::uuid AND c.delete_time IS NULL
RETURNING
@chat_columns
    (SELECT g.id FROM generation g WHERE g.chat_id = c.id AND g.state IN ('QUEUED', 'RUNNING', 'WAITING')) AS running_id;

-- name: chat_delete
-- Moves chat $1 to the bin, if it is not there, and asks the generation that runs in it to stop. No row: no such chat.
-- Params: $1 uuid.
WITH stopped AS (
    UPDATE generation g SET cancel_requested = true, run_time = CASE WHEN g.run_time IS NOT NULL THEN lc.now() END
    WHERE g.chat_id = $1::uuid AND g.state IN ('QUEUED', 'RUNNING', 'WAITING')
)
UPDATE chat c SET delete_time = coalesce(c.delete_time, lc.now()), change_id = CASE WHEN c.delete_time IS NOT NULL THEN c.change_id END
WHERE c.id = $1::uuid RETURNING c.id;

-- name: chat_undelete
-- Takes chat $1 out of the bin, unless it lay there for more than $2 milliseconds. No row: no such chat.
-- Params: $1 uuid, $2 bigint.
UPDATE chat c SET delete_time = NULL, change_id = NULL
WHERE c.id = $1::uuid AND (c.delete_time IS NULL OR c.delete_time > lc.now() - $2::bigint * interval '1 millisecond')
RETURNING
@chat_columns
    (SELECT g.id FROM generation g WHERE g.chat_id = c.id AND g.state IN ('QUEUED', 'RUNNING', 'WAITING')) AS running_id;

-- name: chat_purge
-- Erases chats that lay in the bin for more than $1 milliseconds. Where a user has $2 chats or $3 bytes, any chat in the bin may
-- go. The longest there goes first; a chat with a running generation stays. At least one goes, and as many as have $4 messages together.
-- messages: those of each erased chat.
-- Params: $1 bigint, $2 integer, $3 bigint, $4 integer.
WITH due AS (
    (SELECT c.id, c.delete_time, c.messages FROM chat c
    WHERE c.delete_time < lc.now() - $1::bigint * interval '1 millisecond'
        AND NOT EXISTS (SELECT FROM generation g WHERE g.chat_id = c.id AND g.state IN ('QUEUED', 'RUNNING', 'WAITING'))
    ORDER BY c.delete_time LIMIT 100)
    UNION
    (SELECT c.id, c.delete_time, c.messages FROM user_total t JOIN chat c ON c.user_id = t.user_id AND c.delete_time IS NOT NULL
    WHERE (t.chats >= $2::integer OR t.bytes >= $3::bigint)
        AND NOT EXISTS (SELECT FROM generation g WHERE g.chat_id = c.id AND g.state IN ('QUEUED', 'RUNNING', 'WAITING'))
    ORDER BY c.delete_time LIMIT 100)
), chosen AS (
    SELECT f.id FROM (
        SELECT due.id, sum(due.messages) OVER (ORDER BY due.delete_time, due.id) - due.messages AS before FROM due
    ) f WHERE f.before < $4::integer
), texts AS (
    SELECT m.chat_id, sum(octet_length(m.text)::bigint + octet_length(m.reasoning) + octet_length(m.items)) AS bytes
    FROM chosen JOIN message m ON m.chat_id = chosen.id GROUP BY m.chat_id
), gone AS (
    DELETE FROM chat c USING chosen LEFT JOIN texts ON texts.chat_id = chosen.id
    WHERE c.id = chosen.id
    RETURNING c.user_id, c.messages, coalesce(texts.bytes, 0) AS bytes
), counted AS (
    UPDATE user_total t SET chats = greatest(t.chats - n.chats, 0), bytes = greatest(t.bytes - n.bytes, 0)
    FROM (SELECT gone.user_id, count(*)::integer AS chats, sum(gone.bytes)::bigint AS bytes FROM gone GROUP BY gone.user_id) n
    WHERE t.user_id = n.user_id
)
SELECT gone.messages FROM gone;
