-- Links to snapshots of chats (docs/modules/share.md). A chat has at most one. Its token is not here, only the token's hash.
CREATE TABLE share (
    id            uuid PRIMARY KEY,
    chat_id       uuid NOT NULL UNIQUE REFERENCES chat ON DELETE CASCADE,
    user_id       uuid NOT NULL,
    salt          bytea NOT NULL CHECK (octet_length(salt) = 16),  -- of its token, which no table has
    token_hash    bytea NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
    audience      text NOT NULL CHECK (audience IN ('EVERYBODY', 'SIGNED_IN')),
    author        text NOT NULL CHECK (octet_length(author) <= 100),  -- as the owner wants to be named; '': not at all
    title         text NOT NULL CHECK (octet_length(title) <= 200),
    messages      integer NOT NULL CHECK (messages > 0),
    bytes         bigint NOT NULL CHECK (bytes > 0),   -- of all their texts
    leaf_id       uuid NOT NULL,                       -- last message of the chat in it
    create_time   timestamptz NOT NULL DEFAULT lc.now(),
    snapshot_time timestamptz NOT NULL DEFAULT lc.now(),
    expire_time   timestamptz                          -- NULL: never
);
CREATE INDEX share_owner ON share (user_id, create_time DESC, id DESC);
CREATE INDEX share_expired ON share (expire_time) WHERE expire_time IS NOT NULL;

-- The text of a snapshot. It has no ids of the chat's messages, no times, no thoughts and no costs.
CREATE TABLE share_message (
    share_id uuid NOT NULL REFERENCES share ON DELETE CASCADE,
    position integer NOT NULL CHECK (position >= 1),
    user_id  uuid NOT NULL,
    role     text NOT NULL CHECK (role IN ('USER', 'ASSISTANT')),
    text     text NOT NULL CHECK (text <> ''),
    tokens   integer NOT NULL CHECK (tokens >= 0),
    model    text NOT NULL,
    PRIMARY KEY (share_id, position)
);

-- A chat that goes to the bin ends its link for good, whatever sends it there. Nobody expects that undo makes a text public again.
CREATE FUNCTION share_end() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = chat, pg_temp AS $$
BEGIN
    DELETE FROM share s WHERE s.chat_id = NEW.id;
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION share_end() FROM PUBLIC;
CREATE TRIGGER share_end AFTER UPDATE OF delete_time ON chat
    FOR EACH ROW WHEN (OLD.delete_time IS NULL AND NEW.delete_time IS NOT NULL) EXECUTE FUNCTION share_end();

ALTER TABLE share ENABLE ROW LEVEL SECURITY;
ALTER TABLE share_message ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON share TO chat_app USING (user_id = lc.user_id());
CREATE POLICY own ON share_message TO chat_app USING (user_id = lc.user_id());
CREATE POLICY work ON share TO chat_worker USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON share TO chat_app;
GRANT SELECT, INSERT, DELETE ON share_message TO chat_app;
GRANT SELECT, DELETE ON share TO chat_worker;

-- The one way for readers, who own none of these rows: by the hash of a token, to what this link shows and to nothing else. Without a user
-- (lc.user_id) only links for everybody are found. From behind message `above` on: at most `count` messages, and those that follow on at
-- most `room` bytes.
CREATE FUNCTION shared_page(hash bytea, above integer, count integer, room bigint)
RETURNS TABLE (title text, author text, audience text, messages integer, bytes bigint, snapshot_us bigint, expire_us bigint,
    "position" integer, role text, text text, tokens integer, model text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = chat, pg_temp AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT s.title, s.author, s.audience, s.messages, s.bytes, (extract(epoch FROM s.snapshot_time) * 1000000)::bigint,
        (extract(epoch FROM s.expire_time) * 1000000)::bigint, m.position, m.role, m.text, m.tokens, m.model
    FROM share s
    JOIN chat c ON c.id = s.chat_id AND c.delete_time IS NULL
    CROSS JOIN LATERAL (
        SELECT n.position, n.role, n.text, n.tokens, n.model,
            sum(octet_length(n.text)::bigint) OVER (ORDER BY n.position) - octet_length(n.text) AS before
        FROM (
            SELECT o.position, o.role, o.text, o.tokens, o.model FROM share_message o
            WHERE o.share_id = s.id AND o.position > above ORDER BY o.position LIMIT count
        ) n
    ) m
    WHERE s.token_hash = hash AND (s.audience = 'EVERYBODY' OR lc.user_id() IS NOT NULL)
        AND (s.expire_time IS NULL OR s.expire_time > lc.now()) AND m.before <= room
    ORDER BY m.position;
END $$;
REVOKE ALL ON FUNCTION shared_page(bytea, integer, integer, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION shared_page(bytea, integer, integer, bigint) TO chat_app;
