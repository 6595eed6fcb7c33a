-- name: job_register
-- Makes the row of a job that has none.
-- Params: $1 text.
INSERT INTO job (name) VALUES ($1::text) ON CONFLICT (name) DO NOTHING;

-- name: job_claim
-- Takes a job that is due under lease $2 for $3 milliseconds. 0 rows: not due, or somebody has it.
-- Params: $1 text, $2 uuid, $3 bigint.
UPDATE job SET lease = $2::uuid, run_time = lc.now() + $3::bigint * interval '1 millisecond'
WHERE name = (SELECT name FROM job WHERE name = $1::text AND run_time <= lc.now() FOR UPDATE SKIP LOCKED);

-- name: job_end
-- Ends the run under lease $2: due again in $3 milliseconds; $4 is its error, NULL when it went well. 0 rows: the lease was lost.
-- Params: $1 text, $2 uuid, $3 bigint, $4 text.
UPDATE job SET lease = NULL, run_time = lc.now() + $3::bigint * interval '1 millisecond', error = $4::text,
               success_time = CASE WHEN $4::text IS NULL THEN lc.now() ELSE success_time END
WHERE name = $1::text AND lease = $2::uuid;

-- name: job_next
-- Milliseconds until each job of $1 is due.
-- Params: $1 text[].
SELECT ceil(greatest(extract(epoch FROM run_time - lc.now()), 0) * 1000)::bigint AS due_ms
FROM job WHERE name = ANY ($1::text[]);
