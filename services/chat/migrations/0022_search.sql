-- Full text over a user's titles and messages (docs/modules/search.md). The words are made in C (services/chat/search/words.c).
--
-- Each word begins with its owner and an era of the owner's messages: an index scan touches one user's words of a few thousand messages,
-- whatever others have, and the newest era is read first. So a search costs the same at any size, but for the depth of the index.

CREATE FUNCTION search_prefix(owner uuid, era integer) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT encode(substr(uuid_send(owner), 11, 6), 'base64') || lpad(to_hex(era + 32768), 4, '0') $$;

-- One row for each message with text. An era is entered once, so that a message that is changed gets the newest one.
CREATE TABLE search_message (
    id          uuid PRIMARY KEY REFERENCES message ON DELETE CASCADE,
    chat_id     uuid NOT NULL,
    user_id     uuid NOT NULL,
    create_time timestamptz NOT NULL,
    model       text NOT NULL,      -- '': no model wrote it
    words       tsvector NOT NULL
);
CREATE INDEX search_message_words ON search_message USING gin (words) WITH (fastupdate = off);
-- One row for each chat with a title. Their era is -32768.
CREATE TABLE search_title (
    chat_id uuid PRIMARY KEY REFERENCES chat ON DELETE CASCADE,
    user_id uuid NOT NULL,
    words   tsvector NOT NULL
);
CREATE INDEX search_title_words ON search_title USING gin (words) WITH (fastupdate = off);
-- A wide row is compressed: its words have one prefix.
ALTER TABLE search_message SET (toast_tuple_target = 512);

-- Eras from 0 up fill as messages come. Those below 0 fill downwards with the messages that were there before this migration, the newest
-- first. So eras are in the order of time. The times are those of their messages.
CREATE TABLE search_era (
    user_id    uuid NOT NULL,
    era        integer NOT NULL,
    messages   integer NOT NULL,
    from_time  timestamptz NOT NULL,
    until_time timestamptz NOT NULL,
    PRIMARY KEY (user_id, era)
);

-- What changed since it was indexed: a message, or the title of a chat. Whoever writes one need not know of it.
CREATE TABLE search_due (
    seq        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    message_id uuid,
    chat_id    uuid
);

-- Where the first indexing of all that there was has come to, from the newest down; NULL: it is done.
CREATE TABLE search_start (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    message  uuid,
    chat     uuid
);
INSERT INTO search_start (message, chat) VALUES ('ffffffff-ffff-ffff-ffff-ffffffffffff', 'ffffffff-ffff-ffff-ffff-ffffffffffff');

-- Their bodies name the schema, so no setting changes at each call.
CREATE FUNCTION search_message_changed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    INSERT INTO chat.search_due (message_id) VALUES (NEW.id);
    RETURN NULL;
END $$;
CREATE FUNCTION search_title_changed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    INSERT INTO chat.search_due (chat_id) VALUES (NEW.id);
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION search_message_changed(), search_title_changed() FROM PUBLIC;
CREATE TRIGGER search_message_added AFTER INSERT ON message FOR EACH ROW
    WHEN (NEW.state <> 'RUNNING' AND NEW.text <> '') EXECUTE FUNCTION search_message_changed();
CREATE TRIGGER search_message_changed AFTER UPDATE OF text ON message FOR EACH ROW
    WHEN (NEW.state <> 'RUNNING' AND OLD.text IS DISTINCT FROM NEW.text) EXECUTE FUNCTION search_message_changed();
CREATE TRIGGER search_title_added AFTER INSERT ON chat FOR EACH ROW
    WHEN (NEW.title <> '') EXECUTE FUNCTION search_title_changed();
CREATE TRIGGER search_title_changed AFTER UPDATE OF title ON chat FOR EACH ROW
    WHEN (OLD.title IS DISTINCT FROM NEW.title) EXECUTE FUNCTION search_title_changed();

-- Whether the chat is found at all. A migration that adds another way of hiding a chat replaces it.
CREATE FUNCTION search_shows(c chat) RETURNS boolean LANGUAGE sql STABLE AS $$ SELECT c.delete_time IS NULL $$;

-- PostgreSQL evaluates @@ after the condition of row level security and so reads all rows of the table. These functions read as the owner of
-- the tables instead. Whose messages they read is the user of the session, as in the policies, and no argument. In `query` an @ stands before each word.

-- Messages of the user in the eras from `newest` (NULL: the last) down to `oldest` (NULL: until `enough` were found or `most_ms` went by), with
-- their scores at `at`. An era is read whole, so that the eras of a window name its messages. The last row has no id: its era is where the search ended, NULL: all was read.
CREATE FUNCTION search_messages(query text, at timestamptz, newest integer, oldest integer, enough integer, most_ms bigint,
    project uuid, by_model text, since timestamptz, before timestamptz, in_archive boolean)
RETURNS TABLE (id uuid, chat_id uuid, score double precision, era integer)
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 20 SET search_path = chat, pg_temp SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    owner uuid := lc.user_id();
    until timestamptz := clock_timestamp() + most_ms * interval '1 millisecond';
    found integer := 0;
    n integer;
    e integer;
    q tsquery;
BEGIN
    FOR e IN SELECT s.era FROM search_era s
        WHERE s.user_id = owner AND s.era <= coalesce(newest, 32767) AND s.era >= coalesce(oldest, -32767)
            AND s.from_time < before AND s.until_time >= since
        ORDER BY s.era DESC
    LOOP
        q := replace(query, '@', search_prefix(owner, e))::tsquery;
        RETURN QUERY SELECT s.id, s.chat_id,
            ts_rank(s.words, q, 1) * (1 + 1 / (1 + greatest(extract(epoch FROM at - s.create_time), 0) / 2592000))::double precision, e
        FROM (
            SELECT m.id, m.chat_id, m.create_time, m.words FROM search_message m
            WHERE m.words @@ q AND m.user_id = owner AND m.create_time >= since AND m.create_time < before
                AND (by_model IS NULL OR m.model = by_model)
            OFFSET 0
        ) s CROSS JOIN LATERAL (
            SELECT FROM chat c WHERE c.id = s.chat_id AND c.user_id = owner AND search_shows(c)
                AND (project IS NULL OR c.project_id = project) AND (in_archive IS NULL OR c.archived = in_archive)
            OFFSET 0
        ) c;
        GET DIAGNOSTICS n = ROW_COUNT;
        found := found + n;
        IF oldest IS NULL AND (found >= enough OR clock_timestamp() > until)
            AND EXISTS (SELECT FROM search_era s WHERE s.user_id = owner AND s.era < e) THEN
            RETURN QUERY SELECT NULL::uuid, NULL::uuid, -1::double precision, e;
            RETURN;
        END IF;
    END LOOP;
    RETURN QUERY SELECT NULL::uuid, NULL::uuid, -1::double precision, oldest;
END $$;

-- Chats of the user whose titles match, with their scores at `at`.
CREATE FUNCTION search_titles(query text, at timestamptz, enough integer,
    project uuid, by_model text, since timestamptz, before timestamptz, in_archive boolean)
RETURNS TABLE (chat_id uuid, score double precision)
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 20 SET search_path = chat, pg_temp SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    owner uuid := lc.user_id();
    q tsquery := replace(query, '@', search_prefix(owner, -32768))::tsquery;
BEGIN
    RETURN QUERY SELECT s.chat_id,
        ts_rank(s.words, q, 1) * (1 + 1 / (1 + greatest(extract(epoch FROM at - c.update_time), 0) / 2592000))::double precision
    FROM (
        SELECT t.chat_id, t.words FROM search_title t WHERE t.words @@ q AND t.user_id = owner ORDER BY t.chat_id DESC OFFSET 0
    ) s CROSS JOIN LATERAL (
        SELECT c.update_time FROM chat c WHERE c.id = s.chat_id AND c.user_id = owner AND search_shows(c)
            AND (project IS NULL OR c.project_id = project) AND (in_archive IS NULL OR c.archived = in_archive)
            AND (by_model IS NULL OR c.model = by_model) AND c.update_time >= since AND c.update_time < before
        OFFSET 0
    ) c
    LIMIT enough;
END $$;
REVOKE ALL ON FUNCTION search_messages, search_titles FROM PUBLIC;
GRANT EXECUTE ON FUNCTION search_messages, search_titles TO chat_app;

-- chat_app has no right on these tables; the policies are a second wall.
ALTER TABLE search_message ENABLE ROW LEVEL SECURITY;
ALTER TABLE search_title ENABLE ROW LEVEL SECURITY;
ALTER TABLE search_era ENABLE ROW LEVEL SECURITY;
CREATE POLICY work ON search_message TO chat_worker USING (true);
CREATE POLICY work ON search_title TO chat_worker USING (true);
CREATE POLICY work ON search_era TO chat_worker USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON search_message, search_title, search_era TO chat_worker;
GRANT SELECT, DELETE ON search_due TO chat_worker;
GRANT SELECT, UPDATE (message, chat) ON search_start TO chat_worker;
