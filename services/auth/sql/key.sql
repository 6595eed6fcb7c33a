-- name: auth_key_list
-- Keys that are published, the newest first: each before its first token and until its last has expired. signs: the one that signs now.
-- Params: $1 bigint ms that an access token lives, with all leeways.
SELECT generation, kid, public_pem, private_sealed, seal_key_id,
    sign_time <= lc.now() AND coalesce(next_sign_time > lc.now(), true) AS signs
FROM (SELECT k.generation, k.kid, k.public_pem, k.private_sealed, k.seal_key_id, k.sign_time,
        lead(k.sign_time) OVER (ORDER BY k.generation) AS next_sign_time
    FROM signing_key k) AS keys
WHERE next_sign_time IS NULL OR next_sign_time + $1::bigint * interval '1 ms' > lc.now()
ORDER BY generation DESC;

-- name: auth_key_due
-- The generation to make next: the first at once, any other when the newest has signed for long enough. 0 rows: none is due.
-- Params: $1 bigint ms that a key signs, $2 bigint ms that it is published before.
SELECT coalesce(max(generation), 0) + 1 AS generation, count(*) = 0 AS first
FROM signing_key
HAVING count(*) = 0 OR max(sign_time) + ($1::bigint - $2::bigint) * interval '1 ms' <= lc.now();

-- name: auth_key_insert
-- Adds a generation that signs in $6 ms. 0 rows: another replica was first.
-- Params: $1 int, $2 text kid, $3 text public PEM, $4 bytea private PEM sealed, $5 text id of the seal's key, $6 bigint.
INSERT INTO signing_key (generation, kid, public_pem, private_sealed, seal_key_id, sign_time, create_time)
VALUES ($1::integer, $2::text, $3::text, $4::bytea, $5::text, lc.now() + $6::bigint * interval '1 ms', lc.now())
ON CONFLICT (generation) DO NOTHING;

-- name: auth_key_purge
-- Forgets keys whose last token has expired.
-- Params: $1 bigint ms that an access token lives, with all leeways.
DELETE FROM signing_key k WHERE EXISTS (
    SELECT FROM signing_key n WHERE n.generation = k.generation + 1
        AND n.sign_time + $1::bigint * interval '1 ms' < lc.now());

-- name: auth_key_reseal
-- Stores the private key of $1 under the current seal_key.
-- Params: $1 text kid, $2 bytea, $3 text id of the seal's key.
UPDATE signing_key SET private_sealed = $2::bytea, seal_key_id = $3::text WHERE kid = $1::text;
