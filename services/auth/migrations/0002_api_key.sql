-- Keys of programs. Only the SHA-256 of a key is here: it has 256 random bits, so a slow hash would protect nothing more.
CREATE TABLE api_key (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES account ON DELETE CASCADE,
    hash bytea NOT NULL CONSTRAINT api_key_hash UNIQUE,
    -- The first characters of the key, so that people recognise it.
    prefix text NOT NULL,
    name text NOT NULL,
    -- What it may do; none: all that a key may do.
    scopes text[] NOT NULL DEFAULT '{}',
    -- What becomes of an answer whose client left: DEFAULT stops a stream and finishes an answer in one piece.
    on_disconnect text NOT NULL DEFAULT 'DEFAULT',
    create_time timestamptz NOT NULL DEFAULT lc.now(),
    -- Within a minute.
    last_use_time timestamptz,
    revoke_time timestamptz,
    CONSTRAINT api_key_hash_size CHECK (octet_length(hash) = 32),
    CONSTRAINT api_key_texts CHECK (octet_length(prefix) BETWEEN 4 AND 16 AND octet_length(name) BETWEEN 1 AND 100),
    CONSTRAINT api_key_scopes CHECK (scopes <@ ARRAY['generate', 'read']),
    CONSTRAINT api_key_on_disconnect CHECK (on_disconnect IN ('DEFAULT', 'CANCEL', 'FINISH'))
);
CREATE INDEX api_key_account ON api_key (account_id, create_time DESC);

ALTER TABLE api_key ENABLE ROW LEVEL SECURITY;
CREATE POLICY api_key_own ON api_key USING (lc.user_id() IS NULL OR account_id = lc.user_id());

GRANT SELECT, INSERT ON api_key TO auth_app;
GRANT UPDATE (name, scopes, on_disconnect, last_use_time, revoke_time) ON api_key TO auth_app;
