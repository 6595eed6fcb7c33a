-- part: import_columns
    i.id, i.state, i.size, i.received, i.read, i.imported, i.unchanged, i.skipped, i.error,
    (extract(epoch FROM i.create_time) * 1000000)::bigint AS create_us,
    (extract(epoch FROM i.end_time) * 1000000)::bigint AS end_us

-- part: import_item_columns
    t.number, t.number::text AS page_key, t.import_id AS id, t.program, t.source, t.title, t.chat_id, t.outcome, t.reason, t.attachments, t.hidden,
    t.unknown, t.split, t.mended

-- name: import_lock
-- Makes the row of user $1, and locks it.
-- Params: $1 uuid.
INSERT INTO user_total AS t (user_id) VALUES ($1::uuid) ON CONFLICT (user_id) DO UPDATE SET chats = t.chats RETURNING t.chats, t.bytes;

-- name: import_load
-- The imports of user $1 that are not over, and the bytes of all users' files.
-- Params: $1 uuid.
SELECT count(*) FILTER (WHERE i.user_id = $1::uuid) AS mine, coalesce(sum(i.size), 0)::bigint AS bytes
FROM import i WHERE i.state IN ('UPLOADING', 'QUEUED', 'RUNNING');

-- name: import_forget
-- Of the imports of user $1 that are over, all but the newest $2 go with their lists.
-- Params: $1 uuid, $2 integer.
DELETE FROM import i WHERE i.user_id = $1::uuid AND i.end_time IS NOT NULL AND i.id <= (
    SELECT o.id FROM import o WHERE o.user_id = $1::uuid AND o.end_time IS NOT NULL ORDER BY o.id DESC OFFSET $2::integer LIMIT 1
);

-- name: import_insert
-- A new import $1 of user $2, of $3 bytes, for model $4.
-- Params: $1 uuid, $2 uuid, $3 bigint, $4 text.
INSERT INTO import (id, user_id, state, size, model) VALUES ($1::uuid, $2::uuid, 'UPLOADING', $3::bigint, $4::text);

-- name: import_open
-- Import $1, locked for a piece.
-- Params: $1 uuid.
SELECT i.state, i.size, i.received FROM import i WHERE i.id = $1::uuid FOR UPDATE;

-- name: import_add
-- Bytes $4 of user $3's import $1 begin at $2.
-- Params: $1 uuid, $2 bigint, $3 uuid, $4 bytea.
INSERT INTO import_piece (import_id, at, user_id, data) VALUES ($1::uuid, $2::bigint, $3::uuid, $4::bytea);

-- name: import_received
-- Import $1 has its first $2 bytes; with the last one it waits for the job.
-- Params: $1 uuid, $2 bigint.
UPDATE import i SET received = $2::bigint, run_time = lc.now(), state = CASE WHEN i.size = $2::bigint THEN 'QUEUED' ELSE i.state END
WHERE i.id = $1::uuid;

-- name: import_get
-- Params: $1 uuid.
SELECT
@import_columns
FROM import i WHERE i.id = $1::uuid;

-- name: import_list
-- Imports of user $1 with ids below $2, the newest first, at most $3.
-- Params: $1 uuid, $2 uuid, $3 integer.
SELECT i.id::text AS page_key,
@import_columns
FROM import i WHERE i.user_id = $1::uuid AND i.id < $2::uuid ORDER BY i.id DESC LIMIT $3::integer;

-- name: import_skipped
-- The first $2 chats that import $1 left out.
-- Params: $1 uuid, $2 integer.
SELECT
@import_item_columns
FROM import_item t WHERE t.import_id = $1::uuid AND t.outcome = 'SKIPPED' ORDER BY t.number LIMIT $2::integer;

-- name: import_items
-- Chats of import $1 after number $2, at most $3.
-- Params: $1 uuid, $2 integer, $3 integer.
SELECT
@import_item_columns
FROM import_item t WHERE t.import_id = $1::uuid AND t.number > $2::integer ORDER BY t.number LIMIT $3::integer;

-- name: import_cancel
-- Ends import $1 and forgets its file. No row: there is no such import.
-- Params: $1 uuid.
WITH gone AS (DELETE FROM import_piece p WHERE p.import_id = $1::uuid)
UPDATE import i SET state = CASE WHEN i.end_time IS NULL THEN 'CANCELLED' ELSE i.state END, end_time = coalesce(i.end_time, lc.now())
WHERE i.id = $1::uuid RETURNING i.id;
