-- name: payments_insert
-- Stores payment $1 of user $2 for a package before Stripe hears of it; $9 ms to pay. No row: the user's request key $8 is taken.
-- Params: $1 uuid, $2 uuid, $3 text, $4 bigint, $5 text, $6 bigint, $7 boolean, $8 text, $9 bigint.
INSERT INTO payment (id, user_id, package, credits_microcredits, price_currency, price_minor_units, livemode, request_key, expire_time)
VALUES ($1::uuid, $2::uuid, $3::text, $4::bigint, $5::text, $6::bigint, $7::boolean, $8::text, lc.now() + $9::bigint * interval '1 ms')
ON CONFLICT (user_id, request_key) DO NOTHING
RETURNING id, package, url, stripe_id, extract(epoch FROM expire_time)::bigint AS expire_seconds;

-- name: payments_find_request
-- The payment that user $1 asked for with request key $2.
-- Params: $1 uuid, $2 text.
SELECT id, package, url, stripe_id, extract(epoch FROM expire_time)::bigint AS expire_seconds
FROM payment WHERE user_id = $1::uuid AND request_key = $2::text;

-- name: payments_opened
-- Payment $1 is paid at $3, Stripe's object $2.
-- Params: $1 uuid, $2 text, $3 text.
UPDATE payment SET stripe_id = $2::text, url = $3::text WHERE id = $1::uuid;

-- name: payments_list
-- Payments of user $1 in mode $2, newest first, before ($3, $4), $5 rows.
-- Params: $1 uuid, $2 boolean, $3 timestamptz, $4 uuid, $5 int.
SELECT id, package, coalesce(month, '') AS month, credits_microcredits, price_currency, price_minor_units, refunded_minor_units,
    CASE WHEN disputed THEN 'disputed'
        WHEN refunded_minor_units >= price_minor_units THEN 'refunded'
        WHEN paid_time IS NOT NULL THEN 'paid'
        WHEN void OR expire_time < lc.now() THEN 'expired'
        ELSE 'open' END AS state,
    receipt_url, url, create_time::text AS created, (extract(epoch FROM create_time) * 1000000)::bigint AS create_us,
    (extract(epoch FROM due_time) * 1000000)::bigint AS due_us
FROM payment
WHERE user_id = $1::uuid AND livemode = $2::boolean AND (month IS NULL OR stripe_id IS NOT NULL)
    AND (create_time, id) < ($3::timestamptz, $4::uuid)
ORDER BY create_time DESC, id DESC LIMIT $5::int;

-- name: payments_customer
-- Stripe's customer of user $1 in mode $2.
-- Params: $1 uuid, $2 boolean.
SELECT stripe_id FROM customer WHERE user_id = $1::uuid AND livemode = $2::boolean;

-- name: payments_customer_insert
-- User $1 is customer $3 in mode $2, unless there is one already.
-- Params: $1 uuid, $2 boolean, $3 text.
INSERT INTO customer (user_id, livemode, stripe_id) VALUES ($1::uuid, $2::boolean, $3::text) ON CONFLICT DO NOTHING;

-- name: payments_customer_delete
-- Stripe has no customer $1 any more.
-- Params: $1 text.
DELETE FROM customer WHERE stripe_id = $1::text;
