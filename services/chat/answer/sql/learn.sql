-- name: token_factor_learn
-- Adds batches of prompts: families $1, prompts $2, sums of their ratios $3, and how many were above the margin $4. The factor is an exponential
-- mean of about 50 prompts, the plain one before. The margin goes up by 0.05 where a prompt is above it and down by a hundredth of that where none
-- is, so it stays where 1 of 100 is.
-- Params: $1 text[], $2 bigint[], $3 double precision[], $4 bigint[].
INSERT INTO token_factor AS f (family, factor, margin, prompts)
SELECT b.family, least(greatest(b.ratios / b.n, 0.5), 3), 1.1, b.n
FROM unnest($1::text[], $2::bigint[], $3::double precision[], $4::bigint[]) b(family, n, ratios, above)
ORDER BY b.family
ON CONFLICT (family) DO UPDATE SET
    factor = least(greatest(f.factor + (excluded.factor - f.factor)
        * greatest(1 - 0.98 ^ least(excluded.prompts, 1000), excluded.prompts::float8 / (f.prompts + excluded.prompts)
            * (f.prompts < 50)::int), 0.5), 3),
    margin = least(greatest(f.margin + (
        SELECT 0.0495 * c.above - 0.0005 * (c.n - c.above)
        FROM unnest($1::text[], $2::bigint[], $4::bigint[]) c(family, n, above) WHERE c.family = f.family), 1), 3),
    prompts = f.prompts + excluded.prompts,
    update_time = lc.now();

-- name: token_factor_list
-- All that is known, by all replicas.
SELECT f.family, f.factor, f.margin, f.prompts, (extract(epoch FROM f.update_time) * 1000000)::bigint AS update_us
FROM token_factor f ORDER BY f.prompts DESC, f.family LIMIT 60;
