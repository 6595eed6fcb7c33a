-- name: auth_email_taken
-- Whether an account has this address.
-- Params: $1 text, lower case.
SELECT EXISTS (SELECT FROM account WHERE email = $1::text) AS taken;

-- name: auth_account_insert
-- Adds an account. 0 rows: the user name is taken, try another.
-- Params: $1 uuid, $2 text e-mail, $3 text user name, $4 text display name, $5 text role, $6 text password hash. Errors: email_taken.
INSERT INTO account (id, email, user_name, display_name, role, password_hash, create_time, update_time)
VALUES ($1::uuid, $2::text, $3::text, $4::text, $5::text, $6::text, lc.now(), lc.now())
ON CONFLICT ON CONSTRAINT user_name_taken DO NOTHING
RETURNING id, email, email_verified, user_name, display_name, avatar_url, role,
    (extract(epoch FROM create_time) * 1000000)::bigint AS create_us;

-- name: auth_account_by_email
-- For logging in. 0 rows: no such account.
-- Params: $1 text, lower case.
SELECT id, email, email_verified, user_name, display_name, avatar_url, role,
    (extract(epoch FROM create_time) * 1000000)::bigint AS create_us,
    password_hash, disabled_reason IS NOT NULL AS disabled
FROM account WHERE email = $1::text;

-- name: auth_account_get
-- One account.
-- Params: $1 uuid.
SELECT id, email, email_verified, user_name, display_name, avatar_url, role,
    (extract(epoch FROM create_time) * 1000000)::bigint AS create_us
FROM account WHERE id = $1::uuid;

-- name: auth_account_rehash
-- Stores the hash of the same password under today's cost, unless the password changed meanwhile.
-- Params: $1 uuid, $2 text old hash, $3 text new hash.
UPDATE account SET password_hash = $3::text WHERE id = $1::uuid AND password_hash = $2::text;
