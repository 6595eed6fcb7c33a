-- name: model_price_insert
-- Keeps the terms of a price version.
-- Params: $1 text version, $2 text model, $3 bigint, $4 bigint, $5 bigint.
INSERT INTO model_price (version, model, per_message_microcredits, input_per_1k_microcredits, output_per_1k_microcredits)
VALUES ($1::text, $2::text, $3::bigint, $4::bigint, $5::bigint)
ON CONFLICT (version) DO NOTHING;
