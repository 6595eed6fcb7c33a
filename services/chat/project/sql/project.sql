-- part: project_columns
-- Of project p.
    p.id, p.name, p.description, p.colour, p.icon, p.instructions, p.default_model,
    (p.tokens + coalesce((SELECT sum(r.tokens) FROM project_prompt r WHERE r.project_id = p.id AND r.enabled), 0))::integer AS context_tokens,
    (extract(epoch FROM p.create_time) * 1000000)::bigint AS create_us,
    (extract(epoch FROM p.update_time) * 1000000)::bigint AS update_us,

-- name: project_owner_lock
-- Until the transaction ends nobody else adds projects, templates or chats of user $1.
-- Params: $1 uuid.
INSERT INTO user_total AS t (user_id) VALUES ($1::uuid)
ON CONFLICT (user_id) DO UPDATE SET chats = t.chats
RETURNING t.user_id;

-- name: project_make_room
-- Erases those of user $1 that lie longest in the bin, until there are less than $2.
-- Params: $1 uuid, $2 bigint.
DELETE FROM project WHERE id IN (
    SELECT p.id FROM project p WHERE p.user_id = $1::uuid AND p.delete_time IS NOT NULL ORDER BY p.delete_time
    LIMIT greatest((SELECT count(*) FROM project n WHERE n.user_id = $1::uuid) - $2::bigint + 1, 0));

-- name: project_insert
-- A new project $1 of user $2: name $3, description $4, colour $5, icon $6, instructions $7 of $8 tokens, default model $9. No row: the user
-- has $10 projects.
-- Params: $1 uuid, $2 uuid, $3 text, $4 text, $5 text, $6 text, $7 text, $8 integer, $9 text, $10 bigint.
INSERT INTO project AS p (id, user_id, name, description, colour, icon, instructions, tokens, default_model)
SELECT $1::uuid, $2::uuid, $3::text, $4::text, $5::text, $6::text, $7::text, $8::integer, $9::text
WHERE (SELECT count(*) FROM project n WHERE n.user_id = $2::uuid) < $10::bigint
RETURNING
@project_columns
    p.name_key;

-- name: project_get
-- Project $1 that is not in the bin.
-- Params: $1 uuid.
SELECT
@project_columns
    p.name_key
FROM project p WHERE p.id = $1::uuid AND p.delete_time IS NULL;

-- name: project_list
-- Projects of user $1 after the row ($2, $3), at most $4.
-- Params: $1 uuid, $2 text, $3 uuid, $4 integer.
SELECT
@project_columns
    p.name_key
FROM project p
WHERE p.user_id = $1::uuid AND p.delete_time IS NULL AND (p.name_key, p.id) > ($2::text, $3::uuid)
ORDER BY p.name_key, p.id
LIMIT $4::integer;

-- name: project_share
-- Keeps project $1 out of the bin until the transaction ends. No row: there is no such project.
-- Params: $1 uuid.
SELECT p.id, p.default_model FROM project p WHERE p.id = $1::uuid AND p.delete_time IS NULL FOR SHARE;

-- name: project_lock
-- Project $1 for a transaction that changes it or its prompts. No row: there is no such project.
-- Params: $1 uuid.
SELECT p.id FROM project p WHERE p.id = $1::uuid AND p.delete_time IS NULL FOR UPDATE;

-- name: prompt_lock
-- The project of prompt $1, for a transaction that changes its prompts. No row: there is no such prompt.
-- Params: $1 uuid.
SELECT p.id FROM project p JOIN project_prompt r ON r.project_id = p.id
WHERE r.id = $1::uuid AND p.delete_time IS NULL FOR UPDATE OF p;

-- name: project_size
-- Bytes of the instructions of project $1 and of its prompts other than $2, and the number of all its prompts.
-- Params: $1 uuid, $2 uuid.
SELECT octet_length(p.instructions)::bigint AS instructions,
    coalesce(sum(octet_length(r.text)) FILTER (WHERE r.id IS DISTINCT FROM $2::uuid), 0)::bigint AS prompts, count(r.id)::integer AS n
FROM project p LEFT JOIN project_prompt r ON r.project_id = p.id
WHERE p.id = $1::uuid GROUP BY p.id;

-- name: project_update
-- Project $1: name $2, description $3, colour $4, icon $5, instructions $6 of $7 tokens, default model $8; NULL leaves a value as it is.
-- Params: $1 uuid, $2 text, $3 text, $4 text, $5 text, $6 text, $7 integer, $8 text.
UPDATE project p SET name = coalesce($2::text, p.name), description = coalesce($3::text, p.description), colour = coalesce($4::text, p.colour),
    icon = coalesce($5::text, p.icon), instructions = coalesce($6::text, p.instructions), tokens = coalesce($7::integer, p.tokens),
    default_model = coalesce($8::text, p.default_model), update_time = lc.now()
WHERE p.id = $1::uuid AND p.delete_time IS NULL
RETURNING
@project_columns
    p.name_key;

-- name: project_delete
-- Moves project $1 to the bin, if it is not there. No row: no such project.
-- Params: $1 uuid.
UPDATE project p SET delete_time = coalesce(p.delete_time, lc.now()) WHERE p.id = $1::uuid RETURNING p.id;

-- name: project_release_chats
-- All chats of project $1 have none from now on, those that are archived or in the bin, too.
-- Params: $1 uuid.
UPDATE chat c SET past_project_id = c.project_id, project_id = NULL WHERE c.project_id = $1::uuid;

-- name: project_undelete
-- Takes project $1 out of the bin, unless it lay there for more than $2 milliseconds. No row: no such project.
-- Params: $1 uuid, $2 bigint.
UPDATE project p SET delete_time = NULL
WHERE p.id = $1::uuid AND (p.delete_time IS NULL OR p.delete_time > lc.now() - $2::bigint * interval '1 millisecond')
RETURNING p.id;

-- name: project_regain_chats
-- Params: $1 uuid.
UPDATE chat c SET project_id = c.past_project_id, past_project_id = NULL WHERE c.past_project_id = $1::uuid;

-- name: project_purge
-- Erases projects that lay in the bin for more than $1 milliseconds, the longest there first, at most $2.
-- Params: $1 bigint, $2 integer.
DELETE FROM project WHERE id IN (
    SELECT p.id FROM project p WHERE p.delete_time < lc.now() - $1::bigint * interval '1 millisecond' ORDER BY p.delete_time LIMIT $2::integer);

-- part: prompt_columns
-- Of prompt r.
    r.id, r.project_id, r.title, r.text, r.enabled, r.tokens,
    (extract(epoch FROM r.create_time) * 1000000)::bigint AS create_us,
    (extract(epoch FROM r.update_time) * 1000000)::bigint AS update_us,

-- name: prompt_list
-- Prompts of project $1 in their order.
-- Params: $1 uuid.
SELECT
@prompt_columns
    r.position
FROM project_prompt r WHERE r.project_id = $1::uuid ORDER BY r.position;

-- name: prompt_insert
-- A new prompt $1 of project $2 and user $3: title $4, text $5 of $6 tokens, enabled $7, at position $8.
-- Params: $1 uuid, $2 uuid, $3 uuid, $4 text, $5 text, $6 integer, $7 boolean, $8 integer.
INSERT INTO project_prompt AS r (id, project_id, user_id, title, text, tokens, enabled, position)
VALUES ($1::uuid, $2::uuid, $3::uuid, $4::text, $5::text, $6::integer, $7::boolean, $8::integer)
RETURNING
@prompt_columns
    r.position;

-- name: prompt_move
-- Prompt $2 of project $1 takes place $3, or the last one. Those between the two places move by one.
-- Params: $1 uuid, $2 uuid, $3 integer.
WITH place AS (
    SELECT r.position AS old, least($3::integer, (SELECT count(*)::integer FROM project_prompt n WHERE n.project_id = $1::uuid)) AS new
    FROM project_prompt r WHERE r.id = $2::uuid AND r.project_id = $1::uuid
)
UPDATE project_prompt r
SET position = CASE WHEN r.id = $2::uuid THEN place.new WHEN place.old < place.new THEN r.position - 1 ELSE r.position + 1 END
FROM place
WHERE r.project_id = $1::uuid AND r.position BETWEEN least(place.old, place.new) AND greatest(place.old, place.new);

-- name: prompt_update
-- Prompt $2 of project $1: title $3, text $4 of $5 tokens, enabled $6; NULL leaves a value as it is. No row: no such prompt.
-- Params: $1 uuid, $2 uuid, $3 text, $4 text, $5 integer, $6 boolean.
UPDATE project_prompt r SET title = coalesce($3::text, r.title), text = coalesce($4::text, r.text), tokens = coalesce($5::integer, r.tokens),
    enabled = coalesce($6::boolean, r.enabled), update_time = lc.now()
WHERE r.id = $2::uuid AND r.project_id = $1::uuid
RETURNING
@prompt_columns
    r.position;

-- name: prompt_delete
-- No row: no such prompt.
-- Params: $1 uuid, $2 uuid.
DELETE FROM project_prompt r WHERE r.id = $2::uuid AND r.project_id = $1::uuid RETURNING r.position;

-- name: prompt_close_gap
-- Prompts of project $1 behind place $2 move up by one.
-- Params: $1 uuid, $2 integer.
UPDATE project_prompt r SET position = r.position - 1 WHERE r.project_id = $1::uuid AND r.position > $2::integer;
