-- name: chat_change_delete
-- Moves chats $1 of user $2, or all of them where $1 is NULL, to the bin as change $3, and asks the generations that run in them to stop.
-- Params: $1 uuid[], $2 uuid, $3 uuid.
WITH moved AS (
    UPDATE chat c SET delete_time = lc.now(), change_id = $3::uuid
    WHERE c.user_id = $2::uuid AND ($1::uuid[] IS NULL OR c.id = ANY ($1::uuid[])) AND c.delete_time IS NULL
    RETURNING c.id
), stopped AS (
    UPDATE generation g SET cancel_requested = true, run_time = CASE WHEN g.run_time IS NOT NULL THEN lc.now() END
    FROM moved WHERE g.chat_id = moved.id AND g.state IN ('QUEUED', 'RUNNING', 'WAITING')
)
SELECT count(*) AS changed FROM moved;

-- name: chat_change_undelete
-- Takes chats $1 of user $2, or those of change $3, or where both are NULL all of them, out of the bin, unless they lay there for more than $4
-- milliseconds.
-- Params: $1 uuid[], $2 uuid, $3 uuid, $4 bigint.
WITH moved AS (
    UPDATE chat c SET delete_time = NULL, change_id = NULL
    WHERE c.user_id = $2::uuid AND ($1::uuid[] IS NULL OR c.id = ANY ($1::uuid[])) AND ($3::uuid IS NULL OR c.change_id = $3::uuid)
        AND c.delete_time > lc.now() - $4::bigint * interval '1 millisecond'
    RETURNING c.id
)
SELECT count(*) AS changed FROM moved;

-- name: chat_change_erase
-- Chats $1 of user $2, or all of them where $1 is NULL, have lain in the bin for long enough: the next purge erases them.
-- Params: $1 uuid[], $2 uuid.
WITH moved AS (
    UPDATE chat c SET delete_time = 'epoch', change_id = NULL
    WHERE c.user_id = $2::uuid AND ($1::uuid[] IS NULL OR c.id = ANY ($1::uuid[])) AND c.delete_time > 'epoch'
    RETURNING c.id
)
SELECT count(*) AS changed FROM moved;

-- name: chat_change_archive
-- Chats $1 of user $2, or those of change $3, or where both are NULL all of them, are archived or not ($4), by change $5.
-- Params: $1 uuid[], $2 uuid, $3 uuid, $4 boolean, $5 uuid.
WITH moved AS (
    UPDATE chat c SET archived = $4::boolean, change_id = $5::uuid
    WHERE c.user_id = $2::uuid AND ($1::uuid[] IS NULL OR c.id = ANY ($1::uuid[])) AND ($3::uuid IS NULL OR c.change_id = $3::uuid)
        AND c.delete_time IS NULL AND c.archived <> $4::boolean
    RETURNING c.id
)
SELECT count(*) AS changed FROM moved;

-- name: chat_change_pin
-- Chats $1 of user $2, or all of them where $1 is NULL, are pinned or not ($3).
-- Params: $1 uuid[], $2 uuid, $3 boolean.
WITH moved AS (
    UPDATE chat c SET pinned = $3::boolean
    WHERE c.user_id = $2::uuid AND ($1::uuid[] IS NULL OR c.id = ANY ($1::uuid[])) AND c.delete_time IS NULL AND c.pinned <> $3::boolean
    RETURNING c.id
)
SELECT count(*) AS changed FROM moved;
