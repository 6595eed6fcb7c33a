-- Imports of other programs' chats (docs/modules/transfer.md). The file comes in pieces, and a job reads it.
CREATE TABLE import (
    id          uuid PRIMARY KEY,
    user_id     uuid NOT NULL,
    state       text NOT NULL CHECK (state IN ('UPLOADING', 'QUEUED', 'RUNNING', 'DONE', 'FAILED', 'CANCELLED')),
    size        big_amount NOT NULL,
    received    big_amount NOT NULL DEFAULT 0,
    model       text NOT NULL CHECK (octet_length(model) <= 100),  -- of the chats' next answers
    entry       amount NOT NULL DEFAULT 0,   -- where the job is: the file in the ZIP,
    at          big_amount NOT NULL DEFAULT 0,  -- the byte in it, and the chats that were read before
    items       amount NOT NULL DEFAULT 0,
    read        big_amount NOT NULL DEFAULT 0,  -- bytes of the file, for the reader's eye
    imported    amount NOT NULL DEFAULT 0,
    unchanged   amount NOT NULL DEFAULT 0,
    skipped     amount NOT NULL DEFAULT 0,
    lease       uuid,                        -- of the run under way
    attempts    amount NOT NULL DEFAULT 0,   -- runs since the last that got on
    run_time    timestamptz NOT NULL DEFAULT lc.now(),  -- when another run may begin; while it is uploaded: of its last piece
    error       text,
    create_time timestamptz NOT NULL DEFAULT lc.now(),
    end_time    timestamptz,
    CHECK ((state IN ('DONE', 'FAILED', 'CANCELLED')) = (end_time IS NOT NULL))
);
CREATE INDEX import_owner ON import (user_id, id);
CREATE INDEX import_unfinished ON import (run_time) WHERE state IN ('UPLOADING', 'QUEUED', 'RUNNING');
CREATE INDEX import_over ON import (end_time) WHERE end_time IS NOT NULL;

CREATE TABLE import_piece (
    import_id uuid NOT NULL REFERENCES import ON DELETE CASCADE,
    at        bigint NOT NULL,  -- its first byte
    user_id   uuid NOT NULL,
    data      bytea NOT NULL,
    PRIMARY KEY (import_id, at)
);
ALTER TABLE import_piece ALTER COLUMN data SET STORAGE EXTERNAL;  -- most files are compressed

CREATE TABLE import_item (
    import_id   uuid NOT NULL REFERENCES import ON DELETE CASCADE,
    number      integer NOT NULL,
    user_id     uuid NOT NULL,
    program     text NOT NULL,
    source      text NOT NULL CHECK (octet_length(source) <= 200),
    title       text NOT NULL CHECK (octet_length(title) <= 200),
    chat_id     uuid,
    outcome     text NOT NULL CHECK (outcome IN ('IMPORTED', 'UNCHANGED', 'SKIPPED')),
    reason      text NOT NULL,
    attachments integer NOT NULL,
    hidden      integer NOT NULL,
    unknown     integer NOT NULL,
    split       integer NOT NULL,
    mended      integer NOT NULL,
    PRIMARY KEY (import_id, number)
);
CREATE INDEX import_item_skipped ON import_item (import_id, number) WHERE outcome = 'SKIPPED';

-- The chats that came by imports: none comes twice. A deleted chat may come again.
CREATE TABLE imported_chat (
    user_id uuid NOT NULL,
    program text NOT NULL,
    source  text NOT NULL,
    chat_id uuid NOT NULL REFERENCES chat ON DELETE CASCADE,
    PRIMARY KEY (user_id, program, source)
);
CREATE INDEX imported_chat_chat ON imported_chat (chat_id);

ALTER TABLE import ENABLE ROW LEVEL SECURITY;
ALTER TABLE import_piece ENABLE ROW LEVEL SECURITY;
ALTER TABLE import_item ENABLE ROW LEVEL SECURITY;
ALTER TABLE imported_chat ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON import TO chat_app USING (user_id = lc.user_id());
CREATE POLICY own ON import_piece TO chat_app USING (user_id = lc.user_id());
CREATE POLICY own ON import_item TO chat_app USING (user_id = lc.user_id());
CREATE POLICY work ON import TO chat_worker USING (true);
CREATE POLICY work ON import_piece TO chat_worker USING (true);
CREATE POLICY work ON import_item TO chat_worker USING (true);
CREATE POLICY work ON imported_chat TO chat_worker USING (true);

GRANT SELECT, UPDATE ON import TO chat_app;
GRANT INSERT, DELETE ON import_piece TO chat_app;
GRANT SELECT ON import_piece, import_item TO chat_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON import TO chat_worker;
GRANT SELECT, DELETE ON import_piece TO chat_worker;
GRANT SELECT, INSERT ON import_item TO chat_worker;
GRANT SELECT, INSERT, UPDATE ON imported_chat TO chat_worker;
GRANT INSERT ON chat, message TO chat_worker;
-- Exports go through a user's chats by their ids.
CREATE INDEX chat_owner ON chat (user_id, id) WHERE delete_time IS NULL;
