-- name: payments_event_insert
-- Stores event $1 of type $2 about object $3 in mode $4, made at second $5 (NULL: now); note $7 says why it has no effect. No row: it is there.
-- Params: $1 text, $2 text, $3 text, $4 boolean, $5 bigint, $6 bytea, $7 text.
INSERT INTO stripe_event (id, type, object_id, livemode, event_time, raw, note)
VALUES ($1::text, $2::text, $3::text, $4::boolean, coalesce(to_timestamp($5::bigint), lc.now()), $6::bytea, $7::text)
ON CONFLICT (id) DO NOTHING RETURNING id;

-- name: payments_events_list
-- Events, newest first, before ($2, $3) (NULL: from the newest), $4 rows; with $1 those alone that had no effect for a reason.
-- Params: $1 boolean, $2 timestamptz, $3 text, $4 int.
SELECT id, type, coalesce(object_id, '') AS object_id, coalesce(note, '') AS note, octet_length(raw) AS bytes,
    receive_time::text AS received, (extract(epoch FROM receive_time) * 1000000)::bigint AS receive_us
FROM stripe_event
WHERE (NOT $1::boolean OR note IS NOT NULL) AND ($2::timestamptz IS NULL OR (receive_time, id) < ($2::timestamptz, $3::text))
ORDER BY receive_time DESC, id DESC LIMIT $4::int;

-- name: payments_events_purge
-- Forgets events that came more than $1 ms ago.
-- Params: $1 bigint.
DELETE FROM stripe_event WHERE receive_time < lc.now() - $1::bigint * interval '1 ms';

-- name: payments_learn
-- A fact from Stripe; rows: what must be booked.
-- Params: $1 boolean, $2 uuid, $3 text, $4 bigint, $5 text, $6 text, $7 text, $8 text, $9 int, $10 bigint, $11 boolean.
SELECT action, object, payment_id, user_id, credits
FROM learn($1::boolean, $2::uuid, $3::text, $4::bigint, $5::text, $6::text, $7::text, $8::text, $9::int, $10::bigint, $11::boolean);

-- name: payments_since
-- Seconds since 1970 of the time $1 ms ago.
-- Params: $1 bigint.
SELECT extract(epoch FROM lc.now() - $1::bigint * interval '1 ms')::bigint AS since;

-- name: payments_clawbacks_under_way
-- Refunds and disputes of mode $1 without an outcome, older than $2 ms, behind id $3, 100 rows.
-- Params: $1 boolean, $2 bigint, $3 text.
SELECT id, kind FROM clawback
WHERE state = 0 AND livemode = $1::boolean AND create_time < lc.now() - $2::bigint * interval '1 ms' AND id > $3::text
ORDER BY id LIMIT 100;
