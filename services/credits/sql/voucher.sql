-- name: credits_make_vouchers
-- Makes batch $1 of $2 micro-credits a code, prefix $3, note $4, expiry $5 (NULL: none), by administrator $6, with the hashes $7 (hex).
-- Params: $1 uuid, $2 bigint, $3 text, $4 text, $5 timestamptz, $6 uuid, $7 text[].  Errors: voucher_batch_pkey.
WITH b AS (
    INSERT INTO voucher_batch (id, amount_microcredits, codes, prefix, note, expire_time, actor_id, create_time)
    VALUES ($1::uuid, $2::bigint, cardinality($7::text[]), $3::text, $4::text, $5::timestamptz, $6::uuid, lc.now())
    RETURNING id, create_time),
v AS (
    INSERT INTO voucher (code_hash, batch_id) SELECT decode(h, 'hex'), $1::uuid FROM unnest($7::text[]) AS h)
SELECT (extract(epoch FROM create_time) * 1000000)::bigint AS create_us FROM b;

-- name: credits_voucher_batches
-- Batches before ($1, $2), newest first, $3 rows.
-- Params: $1 timestamptz, $2 uuid, $3 int.
SELECT id, amount_microcredits, codes, prefix, note, actor_id, create_time AS created,
    (SELECT count(*) FROM voucher v WHERE v.batch_id = b.id AND v.account_id IS NOT NULL) AS redeemed,
    (extract(epoch FROM expire_time) * 1000000)::bigint AS expire_us,
    (extract(epoch FROM create_time) * 1000000)::bigint AS create_us,
    (extract(epoch FROM revoke_time) * 1000000)::bigint AS revoke_us
FROM voucher_batch b
WHERE (create_time, id) < ($1::timestamptz, $2::uuid)
ORDER BY create_time DESC, id DESC LIMIT $3::int;

-- name: credits_revoke_vouchers
-- Ends batch $1: codes that nobody redeemed yet are worth nothing.
-- Params: $1 uuid.
UPDATE voucher_batch b SET revoke_time = coalesce(revoke_time, lc.now()) WHERE id = $1::uuid
RETURNING id, amount_microcredits, codes, prefix, note, actor_id, create_time AS created,
    (SELECT count(*) FROM voucher v WHERE v.batch_id = b.id AND v.account_id IS NOT NULL) AS redeemed,
    (extract(epoch FROM expire_time) * 1000000)::bigint AS expire_us,
    (extract(epoch FROM create_time) * 1000000)::bigint AS create_us,
    (extract(epoch FROM revoke_time) * 1000000)::bigint AS revoke_us;

-- name: credits_redeem
-- Redeems the voucher with hash $3 for user $1 under id $2, from address $4. An hour has $5 tries of a user and $6 of an address.
-- Params: $1 uuid, $2 uuid, $3 bytea, $4 text, $5 int, $6 int.
SELECT refused, id, kind, change, balance_after, reference, model, (extract(epoch FROM create_time) * 1000000)::bigint AS create_us
FROM redeem($1::uuid, $2::uuid, $3::bytea, $4::text, $5::int, $6::int);

-- name: credits_forget_tries
-- Forgets tries whose hour is over.
-- Params: none.
DELETE FROM voucher_try WHERE start_time <= lc.now() - interval '1 hour';
