-- name: auth_session_open
-- A session and its first refresh token for an account that may log in. 0 rows: it may not (any more).
-- Params: $1 uuid session, $2 uuid account, $3 text user agent, $4 text address, $5 bigint ms until the session ends at the latest,
--   $6 bytea hash of the refresh token, $7 bigint ms that it lives.
WITH opened AS (
    INSERT INTO session (id, account_id, user_agent, address, create_time, last_use_time, expire_time)
    SELECT $1::uuid, a.id, $3::text, $4::text, lc.now(), lc.now(), lc.now() + $5::bigint * interval '1 ms'
    FROM account a WHERE a.id = $2::uuid AND a.disabled_reason IS NULL
    RETURNING id, expire_time
)
INSERT INTO refresh_token (hash, session_id, create_time, expire_time)
SELECT $6::bytea, opened.id, lc.now(), least(lc.now() + $7::bigint * interval '1 ms', opened.expire_time) FROM opened
RETURNING (extract(epoch FROM expire_time) * 1000000)::bigint AS refresh_expire_us;

-- name: auth_refresh_use
-- Uses refresh token $1 and puts $2 in its place, for the caller that comes first. 0 rows: the token was used, has expired or was never given, or
-- its session has ended.
-- Params: $1 bytea hash, $2 bytea hash of the successor, $3 bytea the successor sealed, $4 bigint ms that it lives, $5 text user agent,
--   $6 text address.
WITH used AS (
    UPDATE refresh_token t SET use_time = lc.now(), successor_hash = $2::bytea, successor_sealed = $3::bytea
    FROM session s JOIN account a ON a.id = s.account_id
    WHERE t.hash = $1::bytea AND t.use_time IS NULL AND t.expire_time > lc.now() AND s.id = t.session_id
        AND s.end_time IS NULL AND s.expire_time > lc.now() AND a.disabled_reason IS NULL
    RETURNING t.session_id
), touched AS (
    UPDATE session s SET last_use_time = lc.now(), user_agent = $5::text, address = $6::text
    FROM used WHERE s.id = used.session_id AND s.end_time IS NULL
    RETURNING s.id, s.account_id, s.expire_time
), successor AS (
    INSERT INTO refresh_token (hash, session_id, create_time, expire_time)
    SELECT $2::bytea, touched.id, lc.now(), least(lc.now() + $4::bigint * interval '1 ms', touched.expire_time) FROM touched
    RETURNING expire_time
)
SELECT a.id, a.email, a.email_verified, a.user_name, a.display_name, a.avatar_url, a.role,
    (extract(epoch FROM a.create_time) * 1000000)::bigint AS create_us,
    touched.id AS session_id, (extract(epoch FROM successor.expire_time) * 1000000)::bigint AS refresh_expire_us
FROM touched JOIN account a ON a.id = touched.account_id CROSS JOIN successor;

-- name: auth_refresh_find
-- Why token $1 could not be used. Runs after auth_refresh_use, in a fresh snapshot, and so sees the caller that came first. live: its session is open. retry: it
-- was used within the window and its successor was not, so the same successor may be given again.
-- Params: $1 bytea hash, $2 bigint ms of the window.
SELECT a.id, a.email, a.email_verified, a.user_name, a.display_name, a.avatar_url, a.role,
    (extract(epoch FROM a.create_time) * 1000000)::bigint AS create_us, s.id AS session_id,
    s.end_time IS NULL AND s.expire_time > lc.now() AND a.disabled_reason IS NULL AS live,
    t.use_time IS NOT NULL AS used,
    coalesce(t.use_time > lc.now() - $2::bigint * interval '1 ms' AND n.use_time IS NULL AND n.expire_time > lc.now(), false)
        AS retry,
    t.successor_sealed, (extract(epoch FROM n.expire_time) * 1000000)::bigint AS refresh_expire_us
FROM refresh_token t JOIN session s ON s.id = t.session_id JOIN account a ON a.id = s.account_id
LEFT JOIN refresh_token n ON n.hash = t.successor_hash
WHERE t.hash = $1::bytea;

-- name: auth_session_end
-- Ends open sessions of account $1: $2, or all when it is NULL, but never $3; and tells the gateways. Its last step takes the lock of the
-- sequence, so nothing may follow it in a transaction.
-- Params: $1 uuid, $2 uuid or NULL, $3 uuid or NULL, $4 text reason, $5 bigint ms after which no access token of theirs is valid.
WITH ended AS (
    UPDATE session SET end_time = lc.now(), end_reason = $4::text
    WHERE account_id = $1::uuid AND ($2::uuid IS NULL OR id = $2::uuid) AND id IS DISTINCT FROM $3::uuid
        AND end_time IS NULL
    RETURNING id
), head AS (
    UPDATE revocation_head SET sequence = sequence + (SELECT count(*) FROM ended)
    WHERE EXISTS (SELECT FROM ended)
    RETURNING sequence
), noted AS (
    INSERT INTO revocation (sequence, session_id, forget_time)
    SELECT head.sequence + 1 - row_number() OVER (), ended.id, lc.now() + $5::bigint * interval '1 ms'
    FROM ended CROSS JOIN head
    RETURNING sequence
)
SELECT count(*) AS n FROM noted;

-- name: auth_session_purge
-- Forgets sessions that ended or expired long ago, with their tokens.
-- Params: $1 bigint ms.
DELETE FROM session WHERE id IN (
    SELECT s.id FROM session s
    WHERE s.expire_time < lc.now() - $1::bigint * interval '1 ms' OR s.end_time < lc.now() - $1::bigint * interval '1 ms'
    LIMIT 1000);

-- name: auth_refresh_purge
-- Forgets tokens that nobody can use or reuse any more.
DELETE FROM refresh_token WHERE hash IN (
    SELECT t.hash FROM refresh_token t WHERE t.expire_time < lc.now() LIMIT 1000);

-- name: auth_successor_purge
-- Forgets sealed successors that are not given again.
-- Params: $1 bigint ms of the retry window.
UPDATE refresh_token SET successor_sealed = NULL WHERE hash IN (
    SELECT t.hash FROM refresh_token t
    WHERE t.successor_sealed IS NOT NULL AND t.use_time < lc.now() - $1::bigint * interval '1 ms'
    LIMIT 1000);
