-- Prices are components, and usage has their dimensions.

-- [{dimension, fromPromptTokens, unit, microcredits}]; NULL: an older replica wrote the row, and the three columns have its terms.
ALTER TABLE model_price
    ADD COLUMN components jsonb,
    ALTER COLUMN per_message_microcredits DROP NOT NULL,
    ALTER COLUMN input_per_1k_microcredits DROP NOT NULL,
    ALTER COLUMN output_per_1k_microcredits DROP NOT NULL;
UPDATE model_price p SET components = (
    SELECT coalesce(jsonb_agg(jsonb_build_object('dimension', c.dimension, 'fromPromptTokens', 0, 'unit', c.unit,
        'microcredits', c.microcredits) ORDER BY c.place), '[]')
    FROM (VALUES (1, 'MESSAGE', 'MESSAGE', p.per_message_microcredits), (2, 'INPUT', 'MILLION_TOKENS', p.input_per_1k_microcredits * 1000),
        (3, 'OUTPUT', 'MILLION_TOKENS', p.output_per_1k_microcredits * 1000)) AS c (place, dimension, unit, microcredits)
    WHERE c.microcredits > 0
);

-- prompt_tokens and completion_tokens are their sums. Of older rows only the sums are known, so they count as input and output.
-- list_cost_microcredits: what the provider's list price was, in credits; NULL: not known.
ALTER TABLE usage
    ADD COLUMN cached_input_tokens integer NOT NULL DEFAULT 0 CHECK (cached_input_tokens >= 0),
    ADD COLUMN cache_write_5m_tokens integer NOT NULL DEFAULT 0 CHECK (cache_write_5m_tokens >= 0),
    ADD COLUMN cache_write_1h_tokens integer NOT NULL DEFAULT 0 CHECK (cache_write_1h_tokens >= 0),
    ADD COLUMN image_input_tokens integer NOT NULL DEFAULT 0 CHECK (image_input_tokens >= 0),
    ADD COLUMN reasoning_tokens integer NOT NULL DEFAULT 0 CHECK (reasoning_tokens >= 0),
    ADD COLUMN images integer NOT NULL DEFAULT 0 CHECK (images >= 0),
    ADD COLUMN audio_seconds integer NOT NULL DEFAULT 0 CHECK (audio_seconds >= 0),
    ADD COLUMN tool_calls integer NOT NULL DEFAULT 0 CHECK (tool_calls >= 0),
    ADD COLUMN list_cost_microcredits bigint CHECK (list_cost_microcredits >= 0);

-- Of prompt_tokens, those that the provider's cache gave or took; of completion_tokens, those of reasoning.
ALTER TABLE generation
    ADD COLUMN cached_tokens integer NOT NULL DEFAULT 0 CHECK (cached_tokens >= 0),
    ADD COLUMN cache_write_tokens integer NOT NULL DEFAULT 0 CHECK (cache_write_tokens >= 0),
    ADD COLUMN reasoning_tokens integer NOT NULL DEFAULT 0 CHECK (reasoning_tokens >= 0);

GRANT UPDATE (components) ON model_price TO chat_worker;

-- What each model brought from $1 to before $2: calls, tokens, what was charged, and of the calls with a list price what that price was.
CREATE FUNCTION usage_margin(from_time timestamptz, to_time timestamptz)
RETURNS TABLE (model text, calls bigint, prompt_tokens bigint, completion_tokens bigint, charged_microcredits numeric,
    listed_calls bigint, listed_charged_microcredits numeric, list_cost_microcredits numeric)
LANGUAGE sql STABLE AS $$
    SELECT u.model, count(*), sum(u.prompt_tokens), sum(u.completion_tokens), sum(u.cost_microcredits),
        count(u.list_cost_microcredits), coalesce(sum(u.cost_microcredits) FILTER (WHERE u.list_cost_microcredits IS NOT NULL), 0),
        coalesce(sum(u.list_cost_microcredits), 0)
    FROM usage u WHERE u.create_time >= from_time AND u.create_time < to_time
    GROUP BY u.model ORDER BY u.model
$$;
