-- name: event_add
-- Event $3 with payload $4 for user $2. The last statement of its transaction, for all writers wait for each other from here on. No row: the event
-- $1 is there already.
-- Params: $1 uuid, $2 uuid, $3 text, $4 text.
WITH head AS (
    UPDATE event_head SET sequence = sequence + 1 RETURNING sequence
)
INSERT INTO event (sequence, id, user_id, type, payload)
SELECT head.sequence, $1::uuid, $2::uuid, $3::text, $4::text FROM head
ON CONFLICT (id) DO NOTHING
RETURNING sequence;

-- name: event_sequence
-- Of event $1.
-- Params: $1 uuid.
SELECT e.sequence FROM event e WHERE e.id = $1::uuid;

-- name: event_after
-- At most $2 events after sequence $1, in order; and the newest sequence, also when there are none.
-- Params: $1 bigint, $2 integer.
SELECT h.sequence AS head, e.sequence, e.id, e.user_id, e.type, e.payload,
    (extract(epoch FROM e.create_time) * 1000000)::bigint AS create_us
FROM event_head h
LEFT JOIN event e ON e.sequence > $1::bigint AND e.sequence <= h.sequence
ORDER BY e.sequence
LIMIT $2::integer;

-- name: event_purge
-- Deletes at most 10,000 events older than $1 milliseconds.
-- Params: $1 bigint.
DELETE FROM event e WHERE e.sequence IN (
    SELECT o.sequence FROM event o WHERE o.create_time < lc.now() - $1::bigint * interval '1 millisecond' ORDER BY o.create_time LIMIT 10000
);
