-- name: model_groups
-- Group $1, or all (NULL), one row a model, role and user, at least one a group.
-- Params: $1 uuid.
SELECT g.id, g.name, g.everyone, (extract(epoch FROM g.create_time) * 1000000)::bigint AS create_us, m.kind, m.value
FROM model_group g
LEFT JOIN LATERAL (
    SELECT 'model' AS kind, unnest(g.models) AS value
    UNION ALL SELECT 'role', unnest(g.roles)
    UNION ALL SELECT 'user', unnest(g.users)::text) m ON true
WHERE $1::uuid IS NULL OR g.id = $1::uuid
ORDER BY g.name, g.id, m.kind, m.value;

-- name: model_group_version
-- Params: none.
SELECT version FROM model_group_version;

-- name: model_group_insert
-- Makes group $1 with name $2, models $3, everyone $4, roles $5 and users $6. No row: there are $7 already.
-- Params: $1 uuid, $2 text, $3 text[], $4 boolean, $5 text[], $6 uuid[], $7 bigint.  Errors: group_name_taken.
INSERT INTO model_group (id, name, models, everyone, roles, users, create_time)
SELECT $1::uuid, $2::text, $3::text[], $4::boolean, $5::text[], $6::uuid[], lc.now()
WHERE (SELECT count(*) FROM model_group) < $7::bigint
RETURNING id;

-- name: model_group_update
-- Changes name, models, everyone, roles and users of group $1 to $2 … $6, each unless it is NULL.
-- Params: $1 uuid, $2 text, $3 text[], $4 boolean, $5 text[], $6 uuid[].  Errors: group_name_taken.
UPDATE model_group SET name = coalesce($2::text, name), models = coalesce($3::text[], models),
    everyone = coalesce($4::boolean, everyone), roles = coalesce($5::text[], roles), users = coalesce($6::uuid[], users)
WHERE id = $1::uuid
RETURNING id;

-- name: model_group_delete
-- Params: $1 uuid.
DELETE FROM model_group WHERE id = $1::uuid RETURNING id;
