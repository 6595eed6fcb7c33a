-- name: outbox_insert
-- Leaves a call. 0 rows: the id is there already.
-- Params: $1 uuid, $2 text key, $3 text method, $4 bytea request.
INSERT INTO outbox (id, key, method, request)
VALUES ($1::uuid, $2::text, $3::text, $4::bytea)
ON CONFLICT (id) DO NOTHING;

-- name: outbox_leave
-- Leaves calls, in this order. Those of $5 are taken for $6 milliseconds by the process that leaves them, unless a call of the key is there that
-- is not done. A row: it was not there before. attempts 1: it is taken.
-- Params: $1 uuid[], $2 text[] keys, $3 text[] methods, $4 bytea[] requests, $5 boolean[], $6 bigint.
INSERT INTO outbox (id, key, method, request, attempts, next_time)
SELECT c.id, c.key, c.method, c.request, c.taken::integer,
    lc.now() + c.taken::integer * $6::bigint * interval '1 millisecond'
FROM (
    SELECT i.id, i.key, i.method, i.request, i.n,
        i.taken AND (SELECT e.seq FROM outbox e WHERE e.done_time IS NULL AND e.key = i.key ORDER BY e.key, e.seq LIMIT 1) IS NULL AS taken
    FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[], $5::boolean[]) WITH ORDINALITY AS i (id, key, method, request, taken, n)
) c
ORDER BY c.n
ON CONFLICT (id) DO NOTHING
RETURNING id, attempts;

-- name: outbox_claim
-- Takes up to $1 due calls for $2 milliseconds, of each key the first that is not done.
-- Params: $1 int, $2 bigint.
UPDATE outbox SET attempts = attempts + 1, next_time = lc.now() + $2::bigint * interval '1 millisecond'
WHERE id IN (
    SELECT o.id FROM outbox o
    WHERE o.done_time IS NULL AND o.next_time <= lc.now()
      AND NOT EXISTS (SELECT 1 FROM outbox e WHERE e.done_time IS NULL AND e.key = o.key AND e.seq < o.seq)
    ORDER BY o.next_time, o.seq
    LIMIT $1::int
    FOR UPDATE SKIP LOCKED)
RETURNING id, method, request, attempts;

-- name: outbox_hurry
-- The commit of this transaction does not wait for the disk.
SELECT set_config('synchronous_commit', 'off', true);

-- name: outbox_done
-- Ends the calls of $1; $2 has the reason of each that was refused, '' for the delivered ones. followed: another call of the key waits for it.
-- Params: $1 uuid[], $2 text[].
UPDATE outbox o SET done_time = lc.now(), refused = nullif(v.refused, '')
FROM unnest($1::uuid[], $2::text[]) AS v (id, refused)
WHERE o.id = v.id AND o.done_time IS NULL
RETURNING (SELECT e.seq FROM outbox e WHERE e.done_time IS NULL AND e.key = o.key AND e.seq > o.seq ORDER BY e.key, e.seq LIMIT 1)
    IS NOT NULL AS followed;

-- name: outbox_again
-- Puts the calls of $1 off by the milliseconds of $2.
-- Params: $1 uuid[], $2 bigint[].
UPDATE outbox o SET next_time = lc.now() + v.delay_ms * interval '1 millisecond'
FROM unnest($1::uuid[], $2::bigint[]) AS v (id, delay_ms)
WHERE o.id = v.id AND o.done_time IS NULL;

-- name: outbox_state
-- Seconds since the oldest call that is not done was left (0: none), and milliseconds until the next is due (NULL: none).
-- As in outbox_claim only the first of each key can be due; greatest() would turn no row into 0.
SELECT coalesce(max(extract(epoch FROM lc.now() - o.create_time)), 0)::bigint AS oldest_seconds,
       ceil(min(CASE WHEN o.next_time > lc.now() THEN extract(epoch FROM o.next_time - lc.now()) ELSE 0 END)
            FILTER (WHERE NOT EXISTS (SELECT 1 FROM outbox e WHERE e.done_time IS NULL AND e.key = o.key AND e.seq < o.seq))
            * 1000)::bigint AS due_ms
FROM outbox o WHERE o.done_time IS NULL;

-- name: outbox_purge
-- Erases up to 1,000 calls that were done more than $1 days ago.
-- Params: $1 int.
DELETE FROM outbox WHERE id IN (
    SELECT id FROM outbox WHERE done_time < lc.now() - $1::int * interval '1 day' LIMIT 1000);
