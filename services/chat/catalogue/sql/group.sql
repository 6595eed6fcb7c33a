-- name: model_groups
-- Group $1, or all (NULL), one row a model, role, user and plan, at least one a group.
-- Params: $1 uuid.
SELECT g.id, g.name, g.everyone, (extract(epoch FROM g.create_time) * 1000000)::bigint AS create_us, m.kind, m.value
FROM model_group g
LEFT JOIN LATERAL (
    SELECT 'model' AS kind, unnest(g.models) AS value
    UNION ALL SELECT 'role', unnest(g.roles)
    UNION ALL SELECT 'user', unnest(g.users)::text
    UNION ALL SELECT 'plan', unnest(g.plans)) m ON true
WHERE $1::uuid IS NULL OR g.id = $1::uuid
ORDER BY g.name, g.id, m.kind, m.value;

-- name: model_group_version
-- Params: none.
SELECT version FROM model_group_version;

-- name: model_group_insert
-- Makes group $1 with name $2, models $3, everyone $4, roles $5, users $6 and plans $8. No row: there are $7 already.
-- Params: $1 uuid, $2 text, $3 text[], $4 boolean, $5 text[], $6 uuid[], $7 bigint, $8 text[].  Errors: group_name_taken.
INSERT INTO model_group (id, name, models, everyone, roles, users, create_time, plans)
SELECT $1::uuid, $2::text, $3::text[], $4::boolean, $5::text[], $6::uuid[], lc.now(), $8::text[]
WHERE (SELECT count(*) FROM model_group) < $7::bigint
RETURNING id;

-- name: model_group_update
-- Changes name, models, everyone, roles, users and plans of group $1 to $2 … $7, each unless it is NULL.
-- Params: $1 uuid, $2 text, $3 text[], $4 boolean, $5 text[], $6 uuid[], $7 text[].  Errors: group_name_taken.
UPDATE model_group SET name = coalesce($2::text, name), models = coalesce($3::text[], models),
    everyone = coalesce($4::boolean, everyone), roles = coalesce($5::text[], roles), users = coalesce($6::uuid[], users),
    plans = coalesce($7::text[], plans)
WHERE id = $1::uuid
RETURNING id;

-- name: model_group_delete
-- Params: $1 uuid.
DELETE FROM model_group WHERE id = $1::uuid RETURNING id;

-- name: user_plans
-- Plans that user $1 has now, $2 at most.
-- Params: $1 uuid, $2 integer.
SELECT plan FROM user_plan WHERE user_id = $1::uuid AND until_time > lc.now() ORDER BY plan LIMIT $2::integer;

-- name: user_plan_set
-- User $1 has plan $2 until $3, by version $4.
-- Params: $1 uuid, $2 text, $3 timestamptz, $4 bigint.
INSERT INTO user_plan AS p (user_id, plan, until_time, version) VALUES ($1::uuid, $2::text, $3::timestamptz, $4::bigint)
ON CONFLICT (user_id, plan) DO UPDATE SET until_time = excluded.until_time, version = excluded.version WHERE p.version < excluded.version;
