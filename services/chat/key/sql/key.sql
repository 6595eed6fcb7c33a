-- name: provider_key_salt
-- The key of the hash that names keys.
SELECT s.salt FROM provider_key_salt s;

-- name: provider_key_open
-- The keys that administrators added, with their sealed secrets.
SELECT k.id, k.provider, k.requests_per_minute, k.sealed, k.seal_key_id FROM provider_key k WHERE k.source = 'TABLE'
ORDER BY k.provider, k.create_time, k.id;

-- name: provider_key_see
-- Notes that this replica's chat.yaml has key $1 of provider $2 with hint $3 and limit $4. A row that an administrator added stays as it is.
-- $5: the operator made this replica read its keys anew, so one that rests or was refused may be tried again.
-- Params: $1 uuid, $2 text, $3 text, $4 integer, $5 boolean.
WITH rested AS (
    DELETE FROM provider_rest r WHERE r.key_id = $1::uuid AND $5::boolean
)
INSERT INTO provider_key AS k (id, provider, source, hint, requests_per_minute) VALUES ($1::uuid, $2::text, 'FILE', $3::text, $4::integer)
ON CONFLICT (id) DO UPDATE SET requests_per_minute = excluded.requests_per_minute, seen_time = lc.now(),
    refused_time = CASE WHEN $5::boolean THEN NULL ELSE k.refused_time END
WHERE k.source = 'FILE';

-- name: provider_key_sync
-- What all replicas must know of the keys: a row for each key, and for each of its rests that is not over.
SELECT k.id, k.source, k.requests_per_minute, k.enabled AND k.refused_time IS NULL AS usable,
    k.enabled AND k.refused_time IS NOT NULL AS refused, coalesce(r.model, '') AS model,
    coalesce(extract(epoch FROM r.until - lc.now()) * 1000000, 0)::bigint AS rest_us, coalesce(r.failures, 0) AS failures
FROM provider_key k LEFT JOIN provider_rest r ON r.key_id = k.id AND r.until > lc.now()
ORDER BY k.id;

-- name: provider_key_take
-- Takes one of keys $1, of the lowest rank $2 that has one with room in this minute: the least used. Rows that another replica holds at this
-- moment are passed over, so no row does not mean that none is free. The commit does not wait for the disk: all others see the use at once, and
-- only a crash of the database itself forgets the uses of its last half second.
-- Params: $1 uuid[], $2 integer[].
UPDATE provider_key k SET used_time = lc.now(),
    uses = ARRAY(SELECT u FROM unnest(k.uses) AS l (u) WHERE u > lc.now() - interval '1 minute' ORDER BY u) || lc.now()
WHERE k.id = (
    SELECT c.id FROM unnest($1::uuid[], $2::integer[]) AS i (id, rank) JOIN provider_key c ON c.id = i.id
    WHERE c.enabled AND c.refused_time IS NULL AND (c.requests_per_minute = 0 OR
        (SELECT count(*) FROM unnest(c.uses) AS l (u) WHERE u > lc.now() - interval '1 minute') < c.requests_per_minute)
    ORDER BY i.rank, (SELECT count(*) FROM unnest(c.uses) AS l (u) WHERE u > lc.now() - interval '1 minute'), c.used_time NULLS FIRST, c.id
    LIMIT 1 FOR UPDATE OF c SKIP LOCKED
) AND set_config('synchronous_commit', 'off', true) IS NOT NULL
RETURNING k.id;

-- name: provider_key_when
-- In how many microseconds each of keys $1 has room again; 0: it has. Keys that may not be used are left out.
-- Params: $1 uuid[].
SELECT k.id, coalesce(extract(epoch FROM (
        SELECT u FROM unnest(k.uses) AS l (u) WHERE k.requests_per_minute > 0 AND u > lc.now() - interval '1 minute'
        ORDER BY u DESC OFFSET greatest(k.requests_per_minute - 1, 0) LIMIT 1
    ) + interval '1 minute' - lc.now()) * 1000000, 0)::bigint AS wait_us
FROM provider_key k
WHERE k.id = ANY ($1::uuid[]) AND k.enabled AND k.refused_time IS NULL;

-- name: provider_key_rest
-- Key $1 rests for model $2 ('': for all) for $3 milliseconds, after $4 failures in a row.
-- Params: $1 uuid, $2 text, $3 bigint, $4 integer.
INSERT INTO provider_rest AS r (key_id, model, until, failures)
SELECT k.id, $2::text, lc.now() + $3::bigint * interval '1 millisecond', $4::integer FROM provider_key k WHERE k.id = $1::uuid
ON CONFLICT (key_id, model) DO UPDATE SET until = greatest(r.until, excluded.until), failures = excluded.failures;

-- name: provider_key_refuse
-- The provider refused key $1.
-- Params: $1 uuid.
UPDATE provider_key k SET refused_time = lc.now() WHERE k.id = $1::uuid AND k.refused_time IS NULL;

-- name: provider_key_reseal
-- Puts the secret of key $1, sealed anew, in place of the one under seal key $4.
-- Params: $1 uuid, $2 bytea, $3 text, $4 text.
UPDATE provider_key k SET sealed = $2::bytea, seal_key_id = $3::text WHERE k.id = $1::uuid AND k.seal_key_id = $4::text;

-- name: provider_key_forget
-- Forgets keys that no replica's chat.yaml had for 30 days, and rests that are long over.
WITH rested AS (
    DELETE FROM provider_rest r WHERE r.until < lc.now() - interval '1 day'
)
DELETE FROM provider_key k WHERE k.source = 'FILE' AND k.seen_time < lc.now() - interval '30 days';

-- name: provider_key_list
-- All keys, or key $1.
-- Params: $1 uuid.
SELECT k.id, k.provider, k.source, k.hint, k.requests_per_minute, k.enabled,
    (extract(epoch FROM k.refused_time) * 1000000)::bigint AS refused_us, (extract(epoch FROM k.create_time) * 1000000)::bigint AS create_us,
    (extract(epoch FROM k.used_time) * 1000000)::bigint AS used_us,
    (SELECT count(*) FROM unnest(k.uses) AS l (u) WHERE u > lc.now() - interval '1 minute')::integer AS uses,
    (extract(epoch FROM r.until) * 1000000)::bigint AS rest_us, coalesce(r.failures, 0) AS failures, coalesce(r.model, '') AS rest_model
FROM provider_key k
LEFT JOIN LATERAL (
    SELECT o.until, o.failures, o.model FROM provider_rest o WHERE o.key_id = k.id AND o.until > lc.now() ORDER BY o.model, o.until DESC LIMIT 1
) r ON true
WHERE $1::uuid IS NULL OR k.id = $1::uuid
ORDER BY k.provider, k.source, k.create_time, k.id;

-- name: provider_key_add
-- Adds key $1 of provider $2 with hint $3, the sealed secret $4 under seal key $5, and limit $6.
-- One that chat.yaml has, or had, becomes the administrator's. No row: it was added before, or the provider has $7 keys.
-- Params: $1 uuid, $2 text, $3 text, $4 bytea, $5 text, $6 integer, $7 integer.
INSERT INTO provider_key AS k (id, provider, source, hint, sealed, seal_key_id, requests_per_minute)
SELECT $1::uuid, $2::text, 'TABLE', $3::text, $4::bytea, $5::text, $6::integer
WHERE (SELECT count(*) FROM provider_key o WHERE o.provider = $2::text AND o.source = 'TABLE') < $7::integer
ON CONFLICT (id) DO UPDATE SET source = 'TABLE', sealed = $4::bytea, seal_key_id = $5::text, requests_per_minute = $6::integer,
    enabled = true, refused_time = NULL
WHERE k.source = 'FILE'
RETURNING k.id;

-- name: provider_key_update
-- Sets whether key $1 is on ($2) and its limit ($3); NULL leaves one as it is. The limit of a key of chat.yaml stands there. A key that is
-- turned on is tried again, whatever it did before. Returns whether it is of chat.yaml.
-- Params: $1 uuid, $2 boolean, $3 integer.
WITH rested AS (
    DELETE FROM provider_rest r WHERE r.key_id = $1::uuid AND $2::boolean
)
UPDATE provider_key k SET enabled = coalesce($2::boolean, k.enabled),
    refused_time = CASE WHEN $2::boolean THEN NULL ELSE k.refused_time END,
    requests_per_minute = coalesce($3::integer, k.requests_per_minute)
WHERE k.id = $1::uuid AND ($3::integer IS NULL OR k.source = 'TABLE')
RETURNING k.id;

-- name: provider_key_delete
-- Deletes key $1, which an administrator added.
-- Params: $1 uuid.
DELETE FROM provider_key k WHERE k.id = $1::uuid AND k.source = 'TABLE' RETURNING k.id;
