-- part: template_columns
-- Of template t. Without an owner: it came with the program.
    t.id, t.title, t.category, t.description, t.public, t.withheld, t.user_id IS NULL AS built_in, t.user_id = lc.user_id() AS own,
    (extract(epoch FROM t.create_time) * 1000000)::bigint AS create_us,
    (extract(epoch FROM t.update_time) * 1000000)::bigint AS update_us,

-- name: template_get
-- Template $1 that is not in the bin.
-- Params: $1 uuid.
SELECT
@template_columns
    t.text
FROM template t WHERE t.id = $1::uuid AND t.delete_time IS NULL;

-- name: template_list
-- Templates of user $1 if $2, and public ones of others if $3, of category $4 and with $5 in the title unless these are empty, after the row
-- ($6, $7), at most $8. text: its beginning.
-- Params: $1 uuid, $2 boolean, $3 boolean, $4 text, $5 text, $6 text, $7 uuid, $8 integer.
SELECT
@template_columns
    left(t.text, 400) AS text, t.title_key
FROM (
    (SELECT o.id FROM template o
    WHERE $2::boolean AND o.user_id = $1::uuid AND o.delete_time IS NULL AND (o.title_key, o.id) > ($6::text, $7::uuid)
        AND ($4::text = '' OR o.category = $4::text) AND ($5::text = '' OR position(lower($5::text) IN o.title_key) > 0)
    ORDER BY o.title_key, o.id LIMIT $8::integer)
    UNION ALL
    (SELECT o.id FROM template o
    WHERE $3::boolean AND o.public AND o.delete_time IS NULL AND o.user_id IS DISTINCT FROM $1::uuid AND (o.title_key, o.id) > ($6::text, $7::uuid)
        AND ($4::text = '' OR o.category = $4::text) AND ($5::text = '' OR position(lower($5::text) IN o.title_key) > 0)
    ORDER BY o.title_key, o.id LIMIT $8::integer)
) f JOIN template t ON t.id = f.id
ORDER BY t.title_key, t.id
LIMIT $8::integer;

-- name: template_list_withheld
-- Templates of all users that are withheld, after the row ($1, $2), at most $3. text: its beginning.
-- Params: $1 text, $2 uuid, $3 integer.
SELECT
@template_columns
    left(t.text, 400) AS text, t.title_key
FROM template t
WHERE t.withheld AND t.delete_time IS NULL AND (t.title_key, t.id) > ($1::text, $2::uuid)
ORDER BY t.title_key, t.id
LIMIT $3::integer;

-- name: template_make_room
-- Erases those of user $1 that lie longest in the bin, until there are less than $2.
-- Params: $1 uuid, $2 bigint.
DELETE FROM template WHERE id IN (
    SELECT t.id FROM template t WHERE t.user_id = $1::uuid AND t.delete_time IS NOT NULL ORDER BY t.delete_time
    LIMIT greatest((SELECT count(*) FROM template n WHERE n.user_id = $1::uuid) - $2::bigint + 1, 0));

-- name: template_counts
-- Templates of user $1, the public ones of them, and all public ones of users; template $2 is left out.
-- Params: $1 uuid, $2 uuid.
SELECT (SELECT count(*) FROM template t WHERE t.user_id = $1::uuid AND t.id <> $2::uuid) AS own,
    (SELECT count(*) FROM template t WHERE t.user_id = $1::uuid AND t.public AND t.id <> $2::uuid AND t.delete_time IS NULL) AS own_public,
    (SELECT count(*) FROM template t WHERE t.public AND t.user_id IS NOT NULL AND t.id <> $2::uuid AND t.delete_time IS NULL) AS all_public;

-- name: template_insert
-- A new template $1 of user $2: title $3, category $4, description $5, text $6, public $7.
-- Params: $1 uuid, $2 uuid, $3 text, $4 text, $5 text, $6 text, $7 boolean.
INSERT INTO template AS t (id, user_id, title, category, description, text, public)
VALUES ($1::uuid, $2::uuid, $3::text, $4::text, $5::text, $6::text, $7::boolean)
RETURNING
@template_columns
    t.text;

-- name: template_lock
-- Template $1 of user $2 for a transaction that changes it. No row: the user has no such template.
-- Params: $1 uuid, $2 uuid.
SELECT t.id, t.withheld FROM template t WHERE t.id = $1::uuid AND t.user_id = $2::uuid AND t.delete_time IS NULL FOR UPDATE;

-- name: template_update
-- Template $1: title $2, category $3, description $4, text $5, public $6; NULL leaves a value as it is.
-- Params: $1 uuid, $2 text, $3 text, $4 text, $5 text, $6 boolean.
UPDATE template t SET title = coalesce($2::text, t.title), category = coalesce($3::text, t.category),
    description = coalesce($4::text, t.description), text = coalesce($5::text, t.text), public = coalesce($6::boolean, t.public),
    update_time = lc.now()
WHERE t.id = $1::uuid
RETURNING
@template_columns
    t.text;

-- name: template_delete
-- Moves template $1 of user $2 to the bin, if it is not there. No row: the user has no such template.
-- Params: $1 uuid, $2 uuid.
UPDATE template t SET delete_time = coalesce(t.delete_time, lc.now()) WHERE t.id = $1::uuid AND t.user_id = $2::uuid RETURNING t.id;

-- name: template_undelete
-- Takes template $1 of user $2 out of the bin, unless it lay there for more than $3 milliseconds. No row: no such template.
-- Params: $1 uuid, $2 uuid, $3 bigint.
UPDATE template t SET delete_time = NULL
WHERE t.id = $1::uuid AND t.user_id = $2::uuid
    AND (t.delete_time IS NULL OR t.delete_time > lc.now() - $3::bigint * interval '1 millisecond')
RETURNING
@template_columns
    t.text;

-- name: template_withhold
-- Nobody but its owner sees template $1 from now on. No row: there is no public one, nor one that is withheld.
-- Params: $1 uuid.
UPDATE template t SET public = false, withheld = true WHERE t.id = $1::uuid AND (t.public OR t.withheld) RETURNING t.id;

-- name: template_release
-- No row: template $1 is not withheld, nor public.
-- Params: $1 uuid.
UPDATE template t SET public = true, withheld = false WHERE t.id = $1::uuid AND (t.public OR t.withheld) RETURNING t.id;

-- name: template_purge
-- Erases templates that lay in the bin for more than $1 milliseconds, the longest there first, at most $2.
-- Params: $1 bigint, $2 integer.
DELETE FROM template WHERE id IN (
    SELECT t.id FROM template t WHERE t.delete_time < lc.now() - $1::bigint * interval '1 millisecond' ORDER BY t.delete_time LIMIT $2::integer);
