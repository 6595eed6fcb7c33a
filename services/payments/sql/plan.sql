-- name: payments_learn_subscription
-- A fact about subscription $2 in mode $1: user $3, plan $4 and credits $5 of an interval, status $6, end of the period $7 (seconds since 1970), it
-- cancels $8, it ended at $9, said at $10 (NULL: now); invoice $11 was paid up to $12. $13 ms of grace. Rows: what must be told.
-- Params: $1 boolean, $2 text, $3 uuid, $4 text, $5 bigint, $6 text, $7 bigint, $8 boolean, $9 bigint, $10 bigint, $11 text, $12 bigint,
-- $13 bigint.
SELECT action, object, user_id, plan, credits, (extract(epoch FROM until_time) * 1000000)::bigint AS until_us, version
FROM learn_subscription($1::boolean, $2::text, $3::uuid, $4::text, $5::bigint, $6::text, to_timestamp($7::bigint), $8::boolean,
    to_timestamp($9::bigint), coalesce(to_timestamp($10::bigint), lc.now()), $11::text, to_timestamp($12::bigint),
    $13::bigint * interval '1 ms');

-- part: subscription_columns
    id, user_id, plan, status, cancels, (extract(epoch FROM period_end) * 1000000)::bigint AS period_end_us,
    (extract(epoch FROM create_time) * 1000000)::bigint AS create_us, (extract(epoch FROM end_time) * 1000000)::bigint AS end_us,
    create_time::text AS created

-- name: payments_subscriptions
-- Subscriptions of user $1 in mode $2 that are not over, or ended in the last 31 days; newest first.
-- Params: $1 uuid, $2 boolean.
SELECT
@subscription_columns
FROM subscription WHERE user_id = $1::uuid AND livemode = $2::boolean AND status NOT IN ('', 'incomplete', 'incomplete_expired')
    AND (end_time IS NULL OR end_time > lc.now() - interval '31 days')
ORDER BY create_time DESC, id DESC LIMIT 100;

-- name: payments_subscription
-- Subscription $1 of user $2 in mode $3.
-- Params: $1 text, $2 uuid, $3 boolean.
SELECT
@subscription_columns
FROM subscription WHERE id = $1::text AND user_id = $2::uuid AND livemode = $3::boolean;

-- name: payments_subscription_live
-- A subscription of user $1 to plan $2 in mode $3 that is not over.
-- Params: $1 uuid, $2 text, $3 boolean.
SELECT id FROM subscription WHERE user_id = $1::uuid AND plan = $2::text AND livemode = $3::boolean AND end_time IS NULL
    AND status NOT IN ('', 'incomplete') LIMIT 1;

-- name: payments_subscriptions_all
-- Subscriptions of mode $1, newest first, before ($2, $3), $4 rows.
-- Params: $1 boolean, $2 timestamptz, $3 text, $4 int.
SELECT
@subscription_columns
FROM subscription WHERE user_id IS NOT NULL AND livemode = $1::boolean AND (create_time, id) < ($2::timestamptz, $3::text)
ORDER BY create_time DESC, id DESC LIMIT $4::int;

-- name: payments_subscriptions_open
-- Subscriptions of mode $1 that are not over, behind id $2, 100 rows.
-- Params: $1 boolean, $2 text.
SELECT id FROM subscription WHERE user_id IS NOT NULL AND livemode = $1::boolean AND end_time IS NULL AND id > $2::text ORDER BY id LIMIT 100;
