-- name: queue_depth
-- Answers that are not over, and those that were given up, by state; age of the oldest that waits for its turn, in milliseconds.
-- Params: none.
SELECT g.state, count(*) AS depth,
    (extract(epoch FROM lc.now() - min(g.create_time) FILTER (WHERE g.state <> 'DEAD')) * 1000)::bigint AS age_ms
FROM generation g WHERE g.state IN ('QUEUED', 'RUNNING', 'WAITING') GROUP BY g.state
UNION ALL
SELECT 'DEAD', count(*), NULL FROM generation g WHERE g.state = 'DEAD';

-- name: queue_replicas
-- The replicas that gave a sign of life in the last $1 milliseconds.
-- Params: $1 bigint.
SELECT r.boot_id, r.endpoint, r.running, (extract(epoch FROM r.beat_time) * 1000000)::bigint AS beat_us
FROM replica r WHERE r.beat_time > lc.now() - $1::bigint * interval '1 millisecond'
ORDER BY r.endpoint, r.boot_id LIMIT 1000;

-- name: queue_beat
-- Process $1 at $2 lives and runs $3 answers. Rows that are $4 milliseconds old go.
-- Params: $1 uuid, $2 text, $3 integer, $4 bigint.
WITH gone AS (
    DELETE FROM replica r WHERE r.beat_time < lc.now() - $4::bigint * interval '1 millisecond' AND r.boot_id <> $1::uuid
)
INSERT INTO replica (boot_id, endpoint, running) VALUES ($1::uuid, $2::text, $3::integer)
ON CONFLICT (boot_id) DO UPDATE SET running = excluded.running, beat_time = lc.now();

-- part: dead_columns
    g.id, g.user_id, g.model, g.attempt, g.state, g.failures::text AS failures, g.error_reason,
    (extract(epoch FROM g.create_time) * 1000000)::bigint AS create_us,
    (extract(epoch FROM g.end_time) * 1000000)::bigint AS end_us, g.end_time::text AS page_key,
    (SELECT left(m.text, 4000) FROM message m WHERE m.id = g.user_message_id) AS input

-- name: queue_dead
-- Answers that were given up, the newest first, after the row ($1, $2), at most $3.
-- Params: $1 timestamptz, $2 uuid, $3 integer.
SELECT
@dead_columns
FROM generation g WHERE g.state = 'DEAD' AND (g.end_time, g.id) < ($1::timestamptz, $2::uuid)
ORDER BY g.end_time DESC, g.id DESC LIMIT $3::integer;

-- name: queue_one
-- Answer $1, if it is or was in the background.
-- Params: $1 uuid.
SELECT
@dead_columns
FROM generation g WHERE g.id = $1::uuid AND g.background;

-- name: queue_requeue
-- Answer $1, which was given up, is due again and has all its rounds.
-- Params: $1 uuid. Errors: generation_running.
WITH again AS (
    UPDATE generation g SET state = 'QUEUED', run_time = lc.now(), rounds = 0, cancel_requested = false, accepted = false,
        error_code = NULL, error_reason = NULL, error_message = NULL, end_time = NULL, marks = NULL
    WHERE g.id = $1::uuid AND g.state = 'DEAD'
    RETURNING g.assistant_message_id
)
UPDATE message m SET state = 'RUNNING' FROM again WHERE m.id = again.assistant_message_id;
