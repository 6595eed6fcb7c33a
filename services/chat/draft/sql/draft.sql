-- name: draft_get
-- The draft of user $1 in chat $2, or for a new chat where $2 is NULL; and whether the user has $3 others. No row: there is no such chat.
-- Params: $1 uuid, $2 uuid, $3 integer.
SELECT coalesce(d.text, '') AS text, coalesce(d.version, 0) AS version, (extract(epoch FROM d.update_time) * 1000000)::bigint AS update_us,
    (SELECT count(*) FROM (
        SELECT FROM draft o WHERE o.user_id = $1::uuid AND o.text <> '' AND o.chat_id IS DISTINCT FROM $2::uuid LIMIT $3::integer
    ) others) >= $3::integer AS full
FROM (SELECT 1) one LEFT JOIN draft d ON d.user_id = $1::uuid AND d.chat_id IS NOT DISTINCT FROM $2::uuid
WHERE $2::uuid IS NULL OR EXISTS (SELECT FROM chat c WHERE c.id = $2::uuid AND c.user_id = $1::uuid AND c.delete_time IS NULL);

-- name: draft_save
-- Draft $3 of user $1 in chat $2, made of version $4. No row: there is a newer version, no such chat, or the user has $5 others.
-- Params: $1 uuid, $2 uuid, $3 text, $4 bigint, $5 integer.
INSERT INTO draft AS d (user_id, chat_id, text, version)
SELECT $1::uuid, $2::uuid, $3::text, $4::bigint + 1
WHERE ($2::uuid IS NULL OR EXISTS (SELECT FROM chat c WHERE c.id = $2::uuid AND c.user_id = $1::uuid AND c.delete_time IS NULL))
    AND ($3::text = '' OR (SELECT count(*) FROM (
        SELECT FROM draft o WHERE o.user_id = $1::uuid AND o.text <> '' AND o.chat_id IS DISTINCT FROM $2::uuid LIMIT $5::integer
    ) others) < $5::integer)
ON CONFLICT (user_id, chat_id) DO UPDATE SET text = excluded.text, version = d.version + 1, update_time = lc.now()
    WHERE d.version = $4::bigint
RETURNING d.text, d.version, (extract(epoch FROM d.update_time) * 1000000)::bigint AS update_us;
