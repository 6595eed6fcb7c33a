-- name: credits_grant_plan
-- Grants $6 to plan $4 of user $2, whose account is $3, under id $1, from subscription $5 until $7, with reference $8. What was left before expires
-- under id $9. No row: the account of the user does not exist yet.
-- Params: $1 uuid, $2 uuid, $3 uuid, $4 text, $5 text, $6 bigint, $7 timestamptz, $8 text, $9 uuid.  Errors: transfer_id_reused.
SELECT posted FROM grant_plan($1::uuid, $2::uuid, $3::uuid, $4::text, $5::text, $6::bigint, $7::timestamptz, $8::text, $9::uuid);

-- name: credits_end_plan
-- Ends the plan with account $1 if its last grant came from subscription $2.
-- Params: $1 uuid, $2 text.
SELECT end_plan($1::uuid, $2::text);

-- name: credits_plan_room
-- What can be held at most in one of the plans $2 of user $1.
-- Params: $1 uuid, $2 text[].
SELECT plan_room($1::uuid, $2::text[]) AS room;

-- name: credits_plan_balances
-- Plans of user $1 that are paid for or hold something.
-- Params: $1 uuid.
SELECT id, plan, available(a) AS available, debits_pending AS held, (extract(epoch FROM gift_expire_time) * 1000000)::bigint AS expire_us
FROM account a WHERE owner_id = $1::uuid AND (gift_expire_time > lc.now() OR debits_pending > 0) ORDER BY plan;

-- name: credits_plan_accounts
-- Accounts of all plans that user $1 ever had.
-- Params: $1 uuid.
SELECT id FROM account a WHERE owner_id = $1::uuid ORDER BY plan;
