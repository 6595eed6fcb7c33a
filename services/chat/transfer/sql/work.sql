-- name: import_claim
-- The import that is due for longest, for run $1 of $2 milliseconds.
-- Params: $1 uuid, $2 bigint.
UPDATE import i SET state = 'RUNNING', lease = $1::uuid, attempts = i.attempts + 1, run_time = lc.now() + $2::bigint * interval '1 millisecond'
WHERE i.id = (
    SELECT d.id FROM import d WHERE d.state IN ('QUEUED', 'RUNNING') AND d.run_time <= lc.now() ORDER BY d.run_time LIMIT 1 FOR UPDATE SKIP LOCKED
)
RETURNING i.id, i.user_id, i.size, i.model, i.entry, i.at, i.items, i.attempts;

-- name: import_keep
-- Run $2 of import $1 goes on for $3 milliseconds and has read $4 bytes. No row: it is over, or another run has it.
-- Params: $1 uuid, $2 uuid, $3 bigint, $4 bigint.
UPDATE import i SET run_time = lc.now() + $3::bigint * interval '1 millisecond', read = greatest(i.read, $4::bigint)
WHERE i.id = $1::uuid AND i.lease = $2::uuid AND i.state = 'RUNNING' RETURNING i.id;

-- name: import_advance
-- Run $2 of import $1 goes on for $3 milliseconds from byte $5 of file $4, after $6 chats, $7 bytes of the whole; $8 came, $9 were there,
-- $10 were left out. No row: it is over, or another run has it.
-- Params: $1 uuid, $2 uuid, $3 bigint, $4 integer, $5 bigint, $6 integer, $7 bigint, $8 integer, $9 integer, $10 integer.
UPDATE import i SET run_time = lc.now() + $3::bigint * interval '1 millisecond', attempts = 0, entry = $4::integer, at = $5::bigint,
    items = $6::integer, read = greatest(i.read, $7::bigint), imported = i.imported + $8::integer, unchanged = i.unchanged + $9::integer,
    skipped = i.skipped + $10::integer
WHERE i.id = $1::uuid AND i.lease = $2::uuid AND i.state = 'RUNNING' RETURNING i.id;

-- name: import_yield
-- Run $2 of import $1 makes room for others.
-- Params: $1 uuid, $2 uuid.
UPDATE import i SET state = 'QUEUED', lease = NULL, run_time = lc.now(), attempts = 0
WHERE i.id = $1::uuid AND i.lease = $2::uuid AND i.state = 'RUNNING';

-- name: import_others
-- Whether other imports are due.
-- Params: none.
SELECT EXISTS (SELECT FROM import i WHERE i.state IN ('QUEUED', 'RUNNING') AND i.run_time <= lc.now()) AS due;

-- name: import_end
-- Run $2 of import $1 is over, with error $3 or none. Its file goes.
-- Params: $1 uuid, $2 uuid, $3 text.
WITH ended AS (
    UPDATE import i SET state = CASE WHEN $3::text IS NULL THEN 'DONE' ELSE 'FAILED' END, error = $3::text, end_time = lc.now(), lease = NULL,
        read = CASE WHEN $3::text IS NULL THEN i.size ELSE i.read END
    WHERE i.id = $1::uuid AND i.lease = $2::uuid AND i.state = 'RUNNING' RETURNING i.id
)
DELETE FROM import_piece p USING ended WHERE p.import_id = ended.id;

-- name: import_piece
-- The piece of import $1 that has byte $2.
-- Params: $1 uuid, $2 bigint.
SELECT p.at, p.data FROM import_piece p WHERE p.import_id = $1::uuid AND p.at <= $2::bigint ORDER BY p.at DESC LIMIT 1;

-- name: import_known
-- Which of the chats of user $1, of programs $2 with ids $3, came before. Those that were deleted may come again.
-- Params: $1 uuid, $2 text[], $3 text[].
SELECT k.n::integer AS n, c.chat_id
FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS k (program, source, n)
JOIN imported_chat c ON c.user_id = $1::uuid AND c.program = k.program AND c.source = k.source
JOIN chat h ON h.id = c.chat_id AND h.delete_time IS NULL;

-- name: import_chats
-- New chats of user $1: ids $2, titles $3, models $4, pinned $5, archived $6, leaves $7, times in microseconds $8 and $9, numbers of messages $10,
-- projects $11 or their copies $12 ('': none).
-- Params: $1 uuid, $2 uuid[], $3 text[], $4 text[], $5 boolean[], $6 boolean[], $7 uuid[], $8 bigint[], $9 bigint[], $10 integer[], $11 text[],
-- $12 text[].
INSERT INTO chat (id, user_id, title, model, pinned, archived, leaf_id, create_time, update_time, messages, project_id)
SELECT c.id, $1::uuid, c.title, c.model, c.pinned, c.archived, c.leaf, to_timestamp(0) + c.created * interval '1 microsecond',
    to_timestamp(0) + c.updated * interval '1 microsecond', c.messages,
    (SELECT p.id FROM project p WHERE p.id IN (nullif(c.project, '')::uuid, nullif(c.copy, '')::uuid) AND p.user_id = $1::uuid
        AND p.delete_time IS NULL ORDER BY p.id::text = c.project DESC LIMIT 1)
FROM unnest($2::uuid[], $3::text[], $4::text[], $5::boolean[], $6::boolean[], $7::uuid[], $8::bigint[], $9::bigint[], $10::integer[],
    $11::text[], $12::text[])
    AS c (id, title, model, pinned, archived, leaf, created, updated, messages, project, copy);

-- name: import_messages
-- New messages of user $1: ids $2, chats $3, parents $4 and jumps $5 ('': none), depths $6, positions $7, roles $8, states $9, texts $10, reasoning
-- $11, items $12, tokens $13, models $14, times in microseconds $15.
-- Params: $1 uuid, $2 uuid[], $3 uuid[], $4 text[], $5 text[], $6 integer[], $7 integer[], $8 text[], $9 text[], $10 text[], $11 text[],
-- $12 text[], $13 integer[], $14 text[], $15 bigint[].
INSERT INTO message (id, chat_id, user_id, parent_id, jump_id, depth, position, role, state, text, reasoning, items, tokens, model, create_time)
SELECT m.id, m.chat, $1::uuid, nullif(m.parent, '')::uuid, nullif(m.jump, '')::uuid, m.depth, m.position, m.role, m.state, m.text, m.reasoning,
    m.items, m.tokens, m.model, to_timestamp(0) + m.created * interval '1 microsecond'
FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::integer[], $7::integer[], $8::text[], $9::text[], $10::text[], $11::text[],
    $12::text[], $13::integer[], $14::text[], $15::bigint[])
    AS m (id, chat, parent, jump, depth, position, role, state, text, reasoning, items, tokens, model, created);

-- name: import_remember
-- The chats $2 of user $1 came from programs $3 with ids $4.
-- Params: $1 uuid, $2 uuid[], $3 text[], $4 text[].
INSERT INTO imported_chat (user_id, chat_id, program, source)
SELECT $1::uuid, c.id, c.program, c.source FROM unnest($2::uuid[], $3::text[], $4::text[]) AS c (id, program, source)
ON CONFLICT (user_id, program, source) DO UPDATE SET chat_id = excluded.chat_id;

-- name: import_total
-- User $1 has $2 more chats and $3 more bytes.
-- Params: $1 uuid, $2 integer, $3 bigint.
UPDATE user_total t SET chats = t.chats + $2::integer, bytes = t.bytes + $3::bigint WHERE t.user_id = $1::uuid;

-- name: import_note
-- Chats from number $3 of import $1 of user $2: programs $4, ids $5, titles $6, ids here $7 ('': none), outcomes $8, reasons $9; counts $10 … $14.
-- Params: $1 uuid, $2 uuid, $3 integer, $4 text[], $5 text[], $6 text[], $7 text[], $8 text[], $9 text[], $10 integer[], $11 integer[], $12 integer[],
-- $13 integer[], $14 integer[].
INSERT INTO import_item (import_id, number, user_id, program, source, title, chat_id, outcome, reason, attachments, hidden, unknown, split, mended)
SELECT $1::uuid, $3::integer + i.n - 1, $2::uuid, i.program, i.source, i.title, nullif(i.chat, '')::uuid, i.outcome, i.reason, i.attachments,
    i.hidden, i.unknown, i.split, i.mended
FROM unnest($4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::integer[], $11::integer[], $12::integer[], $13::integer[],
    $14::integer[]) WITH ORDINALITY AS i (program, source, title, chat, outcome, reason, attachments, hidden, unknown, split, mended, n);

-- name: import_purge
-- Uploads that nobody went on with for $1 milliseconds end, and imports that ended $2 milliseconds ago go.
-- Params: $1 bigint, $2 bigint.
WITH idle AS (
    UPDATE import i SET state = 'CANCELLED', end_time = lc.now()
    WHERE i.state = 'UPLOADING' AND i.run_time < lc.now() - $1::bigint * interval '1 millisecond' RETURNING i.id
), files AS (
    DELETE FROM import_piece p USING idle WHERE p.import_id = idle.id
)
DELETE FROM import i WHERE i.end_time < lc.now() - $2::bigint * interval '1 millisecond';
