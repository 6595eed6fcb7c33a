-- name: api_call_by_key
-- The call of user $1 under the idempotency key $2, for a request with the fingerprint $3. alive: it runs or is done, at most $4 milliseconds ago.
-- Then process $5 has its newest connection.
-- Params: $1 uuid, $2 text, $3 bytea, $4 bigint, $5 uuid.
WITH found AS (
    SELECT c.generation_id, c.fingerprint = $3::bytea AS same_request,
        g.state = 'DONE' AND g.end_time > lc.now() - $4::bigint * interval '1 millisecond'
            OR g.state IN ('QUEUED', 'RUNNING') AND NOT g.cancel_requested AS alive,
        (extract(epoch FROM g.create_time) * 1000000)::bigint AS create_us
    FROM api_call c JOIN generation g ON g.id = c.generation_id
    WHERE c.user_id = $1::uuid AND c.idempotency_key = $2::text
), attached AS (
    UPDATE api_call c SET connection = 'OPEN', reader_boot_id = $5::uuid
    FROM found WHERE c.generation_id = found.generation_id AND found.same_request AND found.alive
)
SELECT found.generation_id, found.same_request, found.alive, found.create_us FROM found;

-- part: alive
-- Call c of generation g runs, or was done at most $2 milliseconds ago.
        (g.state = 'DONE' AND g.end_time > lc.now() - $2::bigint * interval '1 millisecond'
            OR g.state IN ('QUEUED', 'RUNNING') AND NOT g.cancel_requested)

-- part: unread
-- The newest connection of call c was lost. A process that gave no sign of life for $4 milliseconds has lost its connections.
        c.connection IN ('OPEN', 'LOST')
        AND (c.connection = 'LOST' OR c.create_time < lc.now() - $4::bigint * interval '1 millisecond'
            AND NOT replica_lives(c.reader_boot_id, $4::bigint))

-- name: api_call_unread
-- The call with the fingerprint $1 whose newest connection was lost, at most $2 milliseconds ago. Process $3 has its newest connection from now
-- on, so a lost one is good for one repeat. A process that gave no sign of life for $4 milliseconds has lost its connections.
-- Params: $1 bytea, $2 bigint, $3 uuid, $4 bigint.
UPDATE api_call u SET connection = 'OPEN', reader_boot_id = $3::uuid
FROM (
    SELECT c.generation_id, (extract(epoch FROM g.create_time) * 1000000)::bigint AS create_us
    FROM api_call c JOIN generation g ON g.id = c.generation_id
    WHERE c.fingerprint = $1::bytea AND
@unread
        AND
@alive
    LIMIT 1 FOR UPDATE OF c
) AS found
WHERE u.generation_id = found.generation_id
RETURNING u.generation_id, found.create_us;

-- name: api_call_repeated
-- The newest call with the fingerprint $1, for a client that says that it repeats one; else as api_call_unread.
-- Params: $1 bytea, $2 bigint, $3 uuid.
UPDATE api_call u SET connection = 'OPEN', reader_boot_id = $3::uuid
FROM (
    SELECT c.generation_id, (extract(epoch FROM g.create_time) * 1000000)::bigint AS create_us
    FROM api_call c JOIN generation g ON g.id = c.generation_id
    WHERE c.fingerprint = $1::bytea AND c.connection <> 'NONE' AND
@alive
    ORDER BY c.create_time DESC LIMIT 1 FOR UPDATE OF c
) AS found
WHERE u.generation_id = found.generation_id
RETURNING u.generation_id, found.create_us;

-- name: api_call_alone
-- Until the transaction ends no equal call begins or is being stored: $1 is of its fingerprint.
-- Params: $1 bigint.
SELECT pg_advisory_xact_lock($1::bigint);

-- name: api_call_release_key
-- The call of user $1 that had the key $2 and gave no answer has it no more.
-- Params: $1 uuid, $2 text.
UPDATE api_call c SET idempotency_key = NULL WHERE c.user_id = $1::uuid AND c.idempotency_key = $2::text
    AND EXISTS (SELECT FROM generation g WHERE g.id = c.generation_id
        AND (g.state NOT IN ('QUEUED', 'RUNNING', 'DONE') OR g.cancel_requested));

-- name: api_call_start
-- A generation without a chat, and its call: leased to process $5 at $6 for $7 milliseconds. No row: the user has $14 calls that are not over, or the
-- key $3 has $15. The lock ($16) makes a repeat wait that looks for it. With $19 an equal call that nobody has read is taken instead, as by
-- api_call_unread: the row has its repeated_id. $21: hurried (start_hurry).
-- Params: $1 uuid generation, $2 bigint milliseconds, $3 uuid API key or NULL, $4 bigint milliseconds, $5 uuid, $6 text, $7 bigint, $8 text request id,
-- $9 text dialect, $10 bytea fingerprint, $11 text idempotency key or NULL, $12 text body, $13 boolean, $14 integer, $15 integer, $16 bigint,
-- $17 integer longest answer, $18 uuid user, $19 boolean, $20 text model, $21 boolean. Errors: already_exists (the key).
WITH found AS (
    UPDATE api_call u SET connection = 'OPEN', reader_boot_id = $5::uuid
    FROM (
        SELECT c.generation_id, (extract(epoch FROM g.create_time) * 1000000)::bigint AS create_us
        FROM api_call c JOIN generation g ON g.id = c.generation_id
        WHERE $19::boolean AND c.fingerprint = $10::bytea AND
@unread
            AND
@alive
        LIMIT 1 FOR UPDATE OF c
    ) AS unread
    WHERE u.generation_id = unread.generation_id
    RETURNING u.generation_id, unread.create_us
), begun AS (
    INSERT INTO generation AS g (id, user_id, api_key_id, model, state, request_hash, boot_id, owner_endpoint, lease_token, lease_until, request_id,
        max_output_tokens)
    SELECT $1::uuid, $18::uuid, $3::uuid, $20::text, 'RUNNING', $10::bytea, $5::uuid, $6::text, nextval('lease_seq'),
        lc.now() + $7::bigint * interval '1 millisecond', $8::text, $17::integer
    FROM (SELECT pg_advisory_xact_lock_shared($16::bigint), start_hurry($21::boolean)) AS held
    WHERE NOT EXISTS (SELECT FROM found)
        AND (SELECT count(*) FROM (
            SELECT FROM generation r WHERE r.user_id = $18::uuid AND r.chat_id IS NULL AND r.state IN ('QUEUED', 'RUNNING', 'WAITING')
            LIMIT $14::integer) AS of_user) < $14::integer
        AND (SELECT count(*) FROM (
            SELECT FROM generation r WHERE r.user_id = $18::uuid AND r.api_key_id = $3::uuid AND r.state IN ('QUEUED', 'RUNNING', 'WAITING')
            LIMIT $15::integer) AS of_key) < $15::integer
    RETURNING g.id, g.user_id, g.lease_token, g.lease_until, g.create_time
), called AS (
    INSERT INTO api_call (generation_id, user_id, dialect, fingerprint, idempotency_key, body, cancel_unread, reader_boot_id)
    SELECT begun.id, begun.user_id, $9::text, $10::bytea, $11::text, convert_to($12::text, 'UTF8'), $13::boolean, $5::uuid FROM begun
)
SELECT begun.lease_token, (extract(epoch FROM begun.lease_until) * 1000000)::bigint AS lease_us,
    (extract(epoch FROM begun.create_time) * 1000000)::bigint AS create_us, NULL::uuid AS repeated_id
FROM begun
UNION ALL
SELECT NULL, NULL, found.create_us, found.generation_id FROM found;

-- name: api_call_question
-- What generation $1 was asked, and for whom.
-- Params: $1 uuid.
SELECT c.dialect, c.body, c.cancel_unread, g.api_key_id
FROM api_call c JOIN generation g ON g.id = c.generation_id WHERE c.generation_id = $1::uuid;

-- name: api_call_withdraw
-- Takes a refused call back: generation $1 under lease $2. No row: the lease is lost.
-- Params: $1 uuid, $2 bigint.
DELETE FROM generation g WHERE g.id = $1::uuid AND g.lease_token = $2::bigint AND g.state = 'RUNNING' RETURNING g.id;

-- name: api_call_whole
-- Callers have the whole answers of calls $1.
-- Params: $1 uuid[].
UPDATE api_call c SET connection = 'WHOLE' WHERE c.generation_id = ANY ($1::uuid[]) AND c.connection IN ('OPEN', 'LOST');

-- name: api_call_lost
-- The connection of call $1 was lost before its answer was whole. $2: so nobody reads it any more, and it is to end.
-- Params: $1 uuid, $2 boolean.
WITH stopped AS (
    UPDATE generation g SET cancel_requested = true WHERE g.id = $1::uuid AND $2::boolean AND g.state = 'RUNNING'
)
UPDATE api_call c SET connection = 'LOST' WHERE c.generation_id = $1::uuid AND c.connection = 'OPEN';

-- name: api_call_purge
-- Deletes calls that ended $1 milliseconds ago, at most $2.
-- Params: $1 bigint, $2 integer.
WITH old AS (
    SELECT c.generation_id FROM api_call c WHERE c.end_time < lc.now() - $1::bigint * interval '1 millisecond'
    ORDER BY c.end_time LIMIT $2::integer FOR UPDATE SKIP LOCKED
), vectors AS (
    DELETE FROM api_call_item i USING old WHERE i.generation_id = old.generation_id
)
DELETE FROM generation g USING old WHERE g.id = old.generation_id;

-- name: api_call_item_add
-- Line $2 of the answer to call $1 of user $3.
-- Params: $1 uuid, $2 integer, $3 uuid, $4 text.
INSERT INTO api_call_item (generation_id, position, user_id, item) VALUES ($1::uuid, $2::integer, $3::uuid, $4::text);

-- name: api_call_item_get
-- Line $2 of the answer to call $1. No row: it has not so many.
-- Params: $1 uuid, $2 integer.
SELECT i.item FROM api_call_item i WHERE i.generation_id = $1::uuid AND i.position = $2::integer;
