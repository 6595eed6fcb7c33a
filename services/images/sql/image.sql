-- name: images_list
-- Images of user $1, newest first, after the one made at $2 with id $3, $4 rows.
-- Params: $1 uuid, $2 timestamptz, $3 uuid, $4 int.
SELECT id, prompt, model, width, height, credits_used_microcredits,
       create_time, (extract(epoch FROM create_time) * 1000000)::bigint AS create_us
FROM image
WHERE owner_id = $1::uuid AND (create_time, id) < ($2::timestamptz, $3::uuid)
ORDER BY create_time DESC, id DESC LIMIT $4::int;
