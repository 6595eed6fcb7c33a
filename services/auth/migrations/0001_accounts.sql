-- Accounts, sessions and what proves them. auth_app logs in with no user set and then sees all rows; once a statement runs for a user
-- (lc.user), row level security shows only that user's.

CREATE TABLE account (
    id uuid PRIMARY KEY,
    -- Lower case; what the account logs in with.
    email text COLLATE "C" NOT NULL,
    email_verified boolean NOT NULL DEFAULT false,
    -- How others find the account.
    user_name text COLLATE "C" NOT NULL,
    display_name text NOT NULL DEFAULT '',
    avatar_url text NOT NULL DEFAULT '',
    role text NOT NULL DEFAULT 'user',
    -- Why it may not log in; NULL: it may.
    disabled_reason text,
    -- argon2id in the encoded form, salt and cost inside.
    password_hash text NOT NULL,
    create_time timestamptz NOT NULL,
    update_time timestamptz NOT NULL,
    CONSTRAINT email_taken UNIQUE (email),
    CONSTRAINT user_name_taken UNIQUE (user_name),
    CONSTRAINT account_email CHECK (octet_length(email) BETWEEN 3 AND 254 AND email = lower(email)),
    CONSTRAINT account_user_name CHECK (user_name ~ '^[a-z0-9_.]{3,32}$'),
    CONSTRAINT account_role CHECK (role IN ('user', 'admin')),
    CONSTRAINT account_password CHECK (password_hash LIKE '$argon2id$%'),
    CONSTRAINT account_texts CHECK (octet_length(display_name) <= 100 AND octet_length(avatar_url) <= 2048
        AND octet_length(disabled_reason) <= 1000)
);

-- A log-in and all that came of it: the family of its refresh tokens. Kept a while after its end, so that its tokens are known as ended.
CREATE TABLE session (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES account ON DELETE CASCADE,
    user_agent text NOT NULL,
    address text NOT NULL,
    create_time timestamptz NOT NULL,
    last_use_time timestamptz NOT NULL,
    -- However often it is refreshed.
    expire_time timestamptz NOT NULL,
    end_time timestamptz,
    end_reason text,
    CONSTRAINT session_texts CHECK (octet_length(user_agent) <= 256 AND octet_length(address) <= 46),
    CONSTRAINT session_end CHECK ((end_time IS NULL) = (end_reason IS NULL)),
    CONSTRAINT session_end_reason CHECK (end_reason IN ('logout', 'deleted', 'refresh_reuse', 'role', 'disabled',
        'password'))
);
CREATE INDEX session_open ON session (account_id, last_use_time DESC, id DESC) WHERE end_time IS NULL;
CREATE INDEX session_expire ON session (expire_time);

-- Only the SHA-256 of a token is here. A token is used once; who presents it again within the retry window gets the same successor, sealed
-- under a key that only the token itself gives.
CREATE TABLE refresh_token (
    hash bytea PRIMARY KEY,
    session_id uuid NOT NULL REFERENCES session ON DELETE CASCADE,
    create_time timestamptz NOT NULL,
    expire_time timestamptz NOT NULL,
    use_time timestamptz,
    successor_hash bytea,
    -- NULL again when the retry window is over.
    successor_sealed bytea,
    CONSTRAINT refresh_token_hash CHECK (octet_length(hash) = 32),
    CONSTRAINT refresh_token_use CHECK ((use_time IS NULL) = (successor_hash IS NULL))
);
CREATE INDEX refresh_token_session ON refresh_token (session_id);
CREATE INDEX refresh_token_expire ON refresh_token (expire_time);
CREATE INDEX refresh_token_sealed ON refresh_token (use_time) WHERE successor_sealed IS NOT NULL;

-- ES256 keys of access tokens. A generation signs from its time until the next one's; it is published before that and until the last token
-- that it signed has expired.
CREATE TABLE signing_key (
    generation integer PRIMARY KEY,
    kid text NOT NULL UNIQUE,
    public_pem text NOT NULL,
    -- Under the key of the configuration that seal_key_id names.
    private_sealed bytea NOT NULL,
    seal_key_id text NOT NULL,
    sign_time timestamptz NOT NULL,
    create_time timestamptz NOT NULL,
    CONSTRAINT signing_key_generation CHECK (generation > 0),
    CONSTRAINT signing_key_kid CHECK (kid ~ '^[A-Za-z0-9_-]{1,64}$')
);

-- Sessions that ended before their access tokens did. The sequence is taken last in the transaction that ends them, under the lock of its
-- one row, so a reader that has seen N has seen all below N.
CREATE TABLE revocation (
    sequence bigint PRIMARY KEY,
    session_id uuid NOT NULL,
    -- No access token of the session is valid after this.
    forget_time timestamptz NOT NULL
);
CREATE INDEX revocation_forget ON revocation (forget_time);
CREATE TABLE revocation_head (
    one_row boolean PRIMARY KEY DEFAULT true CHECK (one_row),
    sequence bigint NOT NULL
);
INSERT INTO revocation_head (sequence) VALUES (0);

-- Periodic work (docs/modules/jobs.md).
CREATE TABLE job (
    name text PRIMARY KEY,
    run_time timestamptz NOT NULL DEFAULT lc.now(),
    lease uuid,
    success_time timestamptz,
    error text
);

ALTER TABLE account ENABLE ROW LEVEL SECURITY;
ALTER TABLE session ENABLE ROW LEVEL SECURITY;
CREATE POLICY account_own ON account USING (lc.user_id() IS NULL OR id = lc.user_id());
CREATE POLICY session_own ON session USING (lc.user_id() IS NULL OR account_id = lc.user_id());

GRANT SELECT, INSERT ON account TO auth_app;
GRANT UPDATE (email_verified, user_name, display_name, avatar_url, role, disabled_reason, password_hash, update_time)
    ON account TO auth_app;
GRANT SELECT, INSERT, DELETE ON session TO auth_app;
GRANT UPDATE (user_agent, address, last_use_time, end_time, end_reason) ON session TO auth_app;
GRANT SELECT, INSERT, DELETE ON refresh_token TO auth_app;
GRANT UPDATE (use_time, successor_hash, successor_sealed) ON refresh_token TO auth_app;
GRANT SELECT, INSERT, DELETE ON signing_key TO auth_app;
GRANT UPDATE (private_sealed, seal_key_id) ON signing_key TO auth_app;
GRANT SELECT, INSERT, DELETE ON revocation TO auth_app;
GRANT SELECT, UPDATE ON revocation_head TO auth_app;
GRANT SELECT, INSERT, UPDATE ON job TO auth_app;
