-- name: credits_switch_billing_type
-- Gives user $1 billing type $2 with limit $3 (NULL: pay-as-you-go is not offered), to pay-as-you-go only after $4 purchases.
-- Params: $1 uuid, $2 billing_type, $3 bigint, $4 bigint.  Errors: billing_debt, billing_unavailable.
SELECT switch_billing_type($1::uuid, $2::billing_type, $3::bigint, $4::bigint);

-- name: credits_set_limit
-- Lets pay-as-you-go user $1 go $2 micro-credits below zero.
-- Params: $1 uuid, $2 bigint.  Errors: not_found, billing_unavailable, billing_debt.
SELECT set_limit($1::uuid, $2::bigint);

-- name: credits_suspend_user
-- Makes the limit of user $1 count as 0 while $2.
-- Params: $1 uuid, $2 boolean.  Errors: not_found.
SELECT suspend_user($1::uuid, $2::boolean);

-- name: credits_book
-- Books change $4 of kind $3 for user $2 under id $1, with reference $5, by administrator $6. A loss, the part that the user cannot pay back, goes
-- under id $7. No row: the account does not exist yet.
-- Params: $1 uuid, $2 uuid, $3 transfer_kind, $4 bigint, $5 text, $6 uuid, $7 uuid.
-- Errors: transfer_id_reused, insufficient_credits.
SELECT id, kind, change, balance_after, reference, model, posted, (extract(epoch FROM create_time) * 1000000)::bigint AS create_us
FROM book($1::uuid, $2::uuid, $3::transfer_kind, $4::bigint, $5::text, $6::uuid, $7::uuid);

-- name: credits_reverse
-- Undoes transfer $2 if its kind is in $5, under id $1 with reference $6, by administrator $7; its loss $3 under id $4.
-- Params: $1 uuid, $2 uuid, $3 uuid, $4 uuid, $5 transfer_kind[], $6 text, $7 uuid.
-- Errors: not_found, not_reversible, already_reversed, insufficient_credits, transfer_id_reused.
SELECT id, kind, change, balance_after, reference, model, posted, (extract(epoch FROM create_time) * 1000000)::bigint AS create_us
FROM reverse($1::uuid, $2::uuid, $3::uuid, $4::uuid, $5::transfer_kind[], $6::text, $7::uuid);

-- name: credits_debts
-- Users after $2 with a debt from month $1 ("2026-11") that is not paid yet, $3 rows.
-- Params: $1 text, $2 uuid, $3 int.
SELECT id, debt FROM debts((to_date($1::text, 'YYYY-MM') + interval '1 month')::date, $2::uuid, $3::int);

-- name: credits_gifts_due
-- $1 users with a rest of a gift whose time is over.
-- Params: $1 int.
SELECT id, chain_seq FROM gifts_due($1::int);

-- name: credits_expire_gift
-- Takes back the rest of the expired gift of user $2, under id $1.
-- Params: $1 uuid, $2 uuid.
SELECT expire_gift($1::uuid, $2::uuid);

-- name: credits_verify
-- Each invariant with the number of its violations and the first ten.
-- Params: none.
SELECT invariant, violations, first_violations FROM verify();
