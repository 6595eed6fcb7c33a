-- Many chats at once: the change that moved a chat last to the bin or to the archive, so that it can be undone as one. A change of this chat
-- alone clears it.
ALTER TABLE chat ADD COLUMN change_id uuid;
CREATE INDEX chat_change ON chat (change_id) WHERE change_id IS NOT NULL;
-- A user's bin, the last deleted first.
CREATE INDEX chat_bin_list ON chat (user_id, delete_time DESC, id DESC) WHERE delete_time IS NOT NULL;
DROP INDEX chat_bin_owner;

-- A title of the first words, which a model's may replace. A title that its user gives is final.
ALTER TABLE chat ADD COLUMN title_due boolean NOT NULL DEFAULT false;
GRANT UPDATE (title_due) ON chat TO chat_worker;

-- Texts that are not sent yet. chat_id NULL: of the chat that is to be made. An empty text keeps its row, so that versions go on.
CREATE TABLE draft (
    user_id     uuid NOT NULL,
    chat_id     uuid REFERENCES chat ON DELETE CASCADE,
    text        text NOT NULL,
    version     bigint NOT NULL CHECK (version >= 1),
    update_time timestamptz NOT NULL DEFAULT lc.now(),
    CONSTRAINT draft_place UNIQUE NULLS NOT DISTINCT (user_id, chat_id)
);
CREATE INDEX draft_chat ON draft (chat_id);
ALTER TABLE draft ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON draft TO chat_app USING (user_id = lc.user_id());
CREATE POLICY work ON draft TO chat_worker USING (true);
GRANT SELECT, INSERT, UPDATE ON draft TO chat_app;
GRANT SELECT, DELETE ON draft TO chat_worker;
