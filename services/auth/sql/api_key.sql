-- name: auth_api_key_resolve
-- The owner of the key with hash $1. No row: there is no such key, it was revoked, or its account is disabled.
-- Params: $1 bytea.
SELECT k.id, k.account_id, a.role, k.on_disconnect, array_to_string(k.scopes, ' ') AS scopes,
    k.last_use_time IS NULL OR k.last_use_time < lc.now() - interval '1 minute' AS use_due
FROM api_key k JOIN account a ON a.id = k.account_id
WHERE k.hash = $1::bytea AND k.revoke_time IS NULL AND a.disabled_reason IS NULL;

-- name: auth_api_key_use
-- Key $1 was used. Another replica may have noted it just now, and then nothing is written.
-- Params: $1 uuid.
UPDATE api_key SET last_use_time = lc.now()
WHERE id = $1::uuid AND (last_use_time IS NULL OR last_use_time < lc.now() - interval '1 minute');
