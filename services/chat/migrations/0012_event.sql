-- Events of users, for pages that are open (docs/modules/events.md). Each is kept for a day.
CREATE TABLE event (
    sequence    bigint PRIMARY KEY,
    id          uuid NOT NULL,
    user_id     uuid NOT NULL,
    type        text NOT NULL CHECK (octet_length(type) BETWEEN 1 AND 60),
    payload     text NOT NULL CHECK (octet_length(payload) <= 4096),  -- a JSON object
    create_time timestamptz NOT NULL DEFAULT lc.now(),
    UNIQUE (id)
);
CREATE INDEX event_time ON event (create_time);

-- The newest sequence. Each writer locks it until its end, so that sequences are in the order of commits.
CREATE TABLE event_head (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    sequence bigint NOT NULL
);
INSERT INTO event_head (sequence) VALUES (0);

GRANT SELECT, INSERT, DELETE ON event TO chat_worker;
GRANT SELECT, UPDATE (sequence) ON event_head TO chat_worker;
