-- Keys of providers (docs/modules/providers.md "Keys"). Rows of source TABLE were added by an administrator and carry their sealed secret. Rows
-- of source FILE stand for keys of chat.yaml: they have no secret, and exist so that all replicas share their limits and rests.

-- The key of the hash that names a key: every replica finds the same row for the same secret, and the id betrays nothing.
CREATE TABLE provider_key_salt (
    one  boolean PRIMARY KEY DEFAULT true CHECK (one),
    salt bytea NOT NULL
);
INSERT INTO provider_key_salt (salt) VALUES (sha256(convert_to(gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8')));

CREATE TABLE provider_key (
    id                  uuid PRIMARY KEY,  -- by the keyed hash of provider and secret
    provider            text NOT NULL CHECK (octet_length(provider) BETWEEN 1 AND 40),
    source              text NOT NULL CHECK (source IN ('FILE', 'TABLE')),
    hint                text NOT NULL CHECK (octet_length(hint) <= 16),   -- the last four characters of a long secret
    sealed              bytea,
    seal_key_id         text,
    requests_per_minute integer NOT NULL CHECK (requests_per_minute BETWEEN 0 AND 100000),  -- 0: no limit
    enabled             boolean NOT NULL DEFAULT true,                    -- by the administrator
    refused_time        timestamptz,                                      -- the provider refused it; NULL: it did not
    uses                timestamptz[] NOT NULL DEFAULT '{}',              -- of the last minute, in order, while there is a limit
    used_time           timestamptz,
    create_time         timestamptz NOT NULL DEFAULT lc.now(),
    seen_time           timestamptz NOT NULL DEFAULT lc.now(),            -- when a replica last had it in its chat.yaml
    CHECK ((source = 'TABLE') = (sealed IS NOT NULL)),
    CHECK ((sealed IS NULL) = (seal_key_id IS NULL))
) WITH (fillfactor = 50);
CREATE INDEX provider_key_provider ON provider_key (provider);

-- A key rests for one of its provider's models ('': for all).
CREATE TABLE provider_rest (
    key_id   uuid NOT NULL REFERENCES provider_key ON DELETE CASCADE,
    model    text NOT NULL CHECK (octet_length(model) <= 400),
    until    timestamptz NOT NULL,
    failures integer NOT NULL CHECK (failures >= 0),
    PRIMARY KEY (key_id, model)
);

-- Handlers of administrators run as chat_app: they write a secret and can never read one.
GRANT INSERT ON provider_key TO chat_app;
GRANT SELECT (id, provider, source, hint, requests_per_minute, enabled, refused_time, uses, used_time, create_time) ON provider_key TO chat_app;
GRANT UPDATE (source, sealed, seal_key_id, requests_per_minute, enabled, refused_time) ON provider_key TO chat_app;
GRANT DELETE ON provider_key TO chat_app;
GRANT SELECT, DELETE ON provider_rest TO chat_app;
GRANT SELECT ON provider_key_salt TO chat_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON provider_key, provider_rest TO chat_worker;
