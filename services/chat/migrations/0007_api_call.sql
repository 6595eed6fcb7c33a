-- Answers to programs (docs/modules/api.md): generations without a chat. Everything of them goes some minutes after their end; usage stays.

ALTER TABLE generation
    ALTER COLUMN chat_id DROP NOT NULL,
    ALTER COLUMN user_message_id DROP NOT NULL,
    ALTER COLUMN assistant_message_id DROP NOT NULL,
    ADD COLUMN api_key_id uuid,  -- of the key that called; NULL: a session did
    ADD CONSTRAINT generation_has_chat CHECK (num_nonnulls(chat_id, user_message_id, assistant_message_id) IN (0, 3));

-- The request and the answer of such a generation.
CREATE TABLE api_call (
    generation_id   uuid PRIMARY KEY REFERENCES generation ON DELETE CASCADE,
    user_id         uuid NOT NULL,
    dialect         text NOT NULL CHECK (octet_length(dialect) <= 40),
    fingerprint     bytea NOT NULL,   -- SHA-256 of caller, route and body
    idempotency_key text CHECK (octet_length(idempotency_key) <= 300),
    body            bytea,            -- NULL: it ended, so nobody asks a model again
    cancel_unread   boolean NOT NULL, -- it ends when its last reader leaves
    reader_boot_id  uuid NOT NULL,    -- process that has the newest connection
    -- What became of the newest connection. LOST: its answer was not whole, so an equal request is a repeat.
    connection      text NOT NULL DEFAULT 'OPEN' CHECK (connection IN ('OPEN', 'WHOLE', 'LOST')),
    text            text NOT NULL DEFAULT '' CHECK (octet_length(text) <= 1048576),
    reasoning       text NOT NULL DEFAULT '' CHECK (octet_length(reasoning) <= 1048576),
    items           text NOT NULL DEFAULT '' CHECK (octet_length(items) <= 1048576),
    asked_model     text NOT NULL DEFAULT '', -- whose place the model took, where that is another
    create_time     timestamptz NOT NULL DEFAULT lc.now(),
    end_time        timestamptz
);
CREATE INDEX api_call_fingerprint ON api_call (fingerprint);
CREATE UNIQUE INDEX api_call_key ON api_call (user_id, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX api_call_ended ON api_call (end_time) WHERE end_time IS NOT NULL;
-- Bodies may be compressed already.
ALTER TABLE api_call ALTER COLUMN body SET STORAGE EXTERNAL;

ALTER TABLE api_call ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON api_call TO chat_app USING (user_id = lc.user_id());
CREATE POLICY work ON api_call TO chat_worker USING (true);
GRANT SELECT, INSERT, UPDATE (idempotency_key, connection, reader_boot_id) ON api_call TO chat_app;
GRANT SELECT, UPDATE ON api_call TO chat_worker;

-- Whether a process gave a sign of life within so many milliseconds. It reads a table that chat_app does not.
CREATE FUNCTION replica_lives(boot uuid, within_ms bigint) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = chat, pg_temp AS $$
BEGIN
    RETURN EXISTS (SELECT FROM replica r WHERE r.boot_id = boot AND r.beat_time > lc.now() - within_ms * interval '1 millisecond');
END $$;
REVOKE ALL ON FUNCTION replica_lives(uuid, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION replica_lives(uuid, bigint) TO chat_app, chat_worker;
