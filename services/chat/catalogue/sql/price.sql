-- name: model_price_insert
-- Keeps the terms of a price version; a row of an older replica gets its components.
-- Params: $1 text version, $2 text model, $3 jsonb components.
INSERT INTO model_price AS p (version, model, components)
VALUES ($1::text, $2::text, $3::jsonb)
ON CONFLICT (version) DO UPDATE SET components = excluded.components WHERE p.components IS NULL;
