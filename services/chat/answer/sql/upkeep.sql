-- name: generation_checkpoint
-- Stores what generations $1 under leases $2 have written since the last time; the rows say which leases are still held. The lock makes a
-- replica that takes over wait, so nothing of a lost lease comes after it. A repeat, after an unknown outcome, writes the same row longer.
-- Params: $1 uuid[], $2 bigint[], $3 integer[] epochs, $4 integer[] first events, $5 text[], $6 text[] reasoning, $7 bytea[] marks ('':
-- nothing new), $8 text[] items.
WITH held AS (
    SELECT g.id, g.user_id, g.cancel_requested, i.epoch, i.first_seq, i.text, i.reasoning, i.marks, i.items
    FROM unnest($1::uuid[], $2::bigint[], $3::integer[], $4::integer[], $5::text[], $6::text[], $7::bytea[],
            $8::text[]) AS i (id, token, epoch, first_seq, text, reasoning, marks, items)
    JOIN generation g ON g.id = i.id
    WHERE g.lease_token = i.token AND g.state = 'RUNNING'
    ORDER BY g.id FOR SHARE OF g
), written AS (
    INSERT INTO checkpoint (generation_id, epoch, first_seq, user_id, text, reasoning, marks, items)
    SELECT h.id, h.epoch, h.first_seq, h.user_id, h.text, h.reasoning, h.marks, h.items FROM held h WHERE h.marks <> ''::bytea
    ON CONFLICT (generation_id, epoch, first_seq)
        DO UPDATE SET text = excluded.text, reasoning = excluded.reasoning, marks = excluded.marks,
            items = excluded.items
)
SELECT held.id, held.cancel_requested FROM held;

-- name: generation_renew
-- Renews the leases $2 of generations $1 for $3 milliseconds; the rows say which are still held. As generation_end it locks them in the order of
-- their ids.
-- Params: $1 uuid[], $2 bigint[], $3 bigint.
UPDATE generation g SET lease_until = lc.now() + $3::bigint * interval '1 millisecond'
FROM (
    SELECT h.id FROM unnest($1::uuid[], $2::bigint[]) AS i (id, token)
    JOIN generation h ON h.id = i.id AND h.lease_token = i.token AND h.state = 'RUNNING'
    ORDER BY h.id FOR NO KEY UPDATE OF h
) held
WHERE g.id = held.id
RETURNING g.id, (extract(epoch FROM g.lease_until) * 1000000)::bigint AS lease_us;
