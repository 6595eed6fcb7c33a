-- name: generation_pieces
-- The pieces that generation $1 stored in its newest attempt that wrote anything.
-- Params: $1 uuid.
SELECT c.epoch, c.first_seq, c.text, c.reasoning, c.items, c.marks
FROM checkpoint c
WHERE c.generation_id = $1::uuid
    AND c.epoch = (SELECT max(e.epoch) FROM checkpoint e WHERE e.generation_id = $1::uuid)
ORDER BY c.first_seq;
