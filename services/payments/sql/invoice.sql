-- name: payments_last_month
-- The month to invoice, and the time before debts are asked for.
-- Params: none.
SELECT to_char((lc.now() AT TIME ZONE 'UTC') - interval '1 month', 'YYYY-MM') AS month, lc.now()::text AS asked;

-- name: payments_invoice_insert
-- Adds invoice $1 of user $2 for month $3, at $6 minor units of $5 for 1,000 credits, in mode $7, if it comes to $8 minor units. It asks for the part of
-- debt $4 that no other invoice asks for. An invoice counts as asking until credits has booked its payment, at $9 (before the debt was read).
-- Params: $1 uuid, $2 uuid, $3 text, $4 bigint, $5 text, $6 bigint, $7 boolean, $8 bigint, $9 timestamptz.
WITH asked AS (
    SELECT coalesce(sum(p.credits_microcredits), 0) AS credits FROM payment p
    WHERE p.user_id = $2::uuid AND p.livemode = $7::boolean AND p.month IS NOT NULL AND NOT p.void AND (p.paid_time IS NULL OR EXISTS (
        SELECT FROM outbox o WHERE o.key = p.id::text AND (o.done_time IS NULL OR o.done_time > $9::timestamptz)))
), owed AS (
    SELECT $4::bigint - credits AS credits, ceil(($4::bigint - credits) * $6::bigint / 1000000000.0)::bigint AS minor_units FROM asked
)
INSERT INTO payment (id, user_id, package, credits_microcredits, price_currency, price_minor_units, livemode, month)
SELECT $1::uuid, $2::uuid, '', credits, $5::text, minor_units, $7::boolean, $3::text FROM owed
WHERE credits > 0 AND minor_units >= $8::bigint
ON CONFLICT (id) DO NOTHING;

-- name: payments_invoices_new
-- Invoices of mode $1 that Stripe has not sent yet, behind id $2, 100 rows.
-- Params: $1 boolean, $2 uuid.
SELECT id, user_id, month, price_currency, price_minor_units, stripe_id FROM payment
WHERE month IS NOT NULL AND url IS NULL AND paid_time IS NULL AND NOT void AND livemode = $1::boolean AND id > $2::uuid ORDER BY id LIMIT 100;

-- name: payments_invoice_made
-- Payment $1 is Stripe's invoice $2.
-- Params: $1 uuid, $2 text.
UPDATE payment SET stripe_id = $2::text WHERE id = $1::uuid;

-- name: payments_invoice_sent
-- Invoice $1 can be paid at $2 and is due in $3 ms.
-- Params: $1 uuid, $2 text, $3 bigint.
UPDATE payment SET url = $2::text, due_time = lc.now() + $3::bigint * interval '1 ms' WHERE id = $1::uuid;

-- name: payments_invoices_open
-- Invoices of mode $1 that wait for payment, behind id $2, 100 rows.
-- Params: $1 boolean, $2 uuid.
SELECT id, stripe_id FROM payment
WHERE month IS NOT NULL AND url IS NOT NULL AND paid_time IS NULL AND NOT void AND livemode = $1::boolean AND id > $2::uuid
ORDER BY id LIMIT 100;

-- name: payments_invoices_overdue
-- Marks the invoices of mode $1 whose time is over. Rows: their users.
-- Params: $1 boolean.
UPDATE payment SET overdue = true
WHERE month IS NOT NULL AND paid_time IS NULL AND NOT void AND NOT overdue AND due_time < lc.now() AND livemode = $1::boolean
RETURNING user_id;
