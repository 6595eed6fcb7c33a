-- name: export_project
-- The project of user $1 that follows $2, with its prompts in their order.
-- Params: $1 uuid, $2 uuid.
SELECT p.id, p.name, p.description, p.colour, p.icon, p.instructions, p.default_model,
    coalesce((SELECT json_agg(json_build_object('title', r.title, 'text', r.text, 'enabled', r.enabled) ORDER BY r.position)
        FROM project_prompt r WHERE r.project_id = p.id), '[]')::text AS prompts
FROM project p WHERE p.user_id = $1::uuid AND p.delete_time IS NULL AND p.id > $2::uuid ORDER BY p.id LIMIT 1;

-- name: import_project_known
-- The user's project $1, or its copy $2; the copy may be in the bin. No row: there is neither.
-- Params: $1 uuid, $2 uuid.
SELECT p.id FROM project p WHERE p.id = $2::uuid OR (p.id = $1::uuid AND p.delete_time IS NULL) LIMIT 1;

-- name: import_project_share
-- Keeps projects $1 out of the bin until the transaction ends.
-- Params: $1 uuid[].
SELECT p.id FROM project p WHERE p.id = ANY ($1::uuid[]) AND p.delete_time IS NULL ORDER BY p.id FOR SHARE;
