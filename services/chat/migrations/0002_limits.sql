-- Limits of a user, and lists that cost no more than they return: both are kept up where messages are written.

-- position: among its siblings, 1 for the eldest; the youngest's is their number.
-- jump_id: an ancestor further up, so that any ancestor is found in a logarithm of steps (Myers, "An applicative random-access stack");
-- NULL where there is none yet: then the way leads over the parent.
ALTER TABLE message
    ADD COLUMN position integer NOT NULL DEFAULT 1 CONSTRAINT message_position_check CHECK (position >= 1),
    ADD COLUMN jump_id uuid;
UPDATE message m SET position = n.position
FROM (SELECT id, row_number() OVER (PARTITION BY family_id ORDER BY id) AS position FROM message) n
WHERE n.id = m.id AND n.position > 1;

ALTER TABLE chat ADD COLUMN messages integer NOT NULL DEFAULT 0;
UPDATE chat c SET messages = n.messages
FROM (SELECT chat_id, count(*) AS messages FROM message GROUP BY chat_id) n
WHERE n.chat_id = c.id;
CREATE INDEX chat_bin_owner ON chat (user_id, delete_time) WHERE delete_time IS NOT NULL;

-- Totals of a user, the bin included. A writer locks the user's row; a chat is locked before it.
CREATE TABLE user_total (
    user_id uuid PRIMARY KEY,
    chats   integer NOT NULL DEFAULT 0,
    bytes   bigint NOT NULL DEFAULT 0  -- of text and reasoning
);
INSERT INTO user_total (user_id, chats) SELECT user_id, count(*) FROM chat GROUP BY user_id;
UPDATE user_total t SET bytes = n.bytes
FROM (SELECT user_id, sum(octet_length(text)::bigint + octet_length(reasoning)) AS bytes FROM message GROUP BY user_id) n
WHERE n.user_id = t.user_id;

-- The answers of one user that are not over: a few rows.
CREATE INDEX generation_user ON generation (user_id) WHERE state IN ('QUEUED', 'RUNNING', 'WAITING');

ALTER TABLE user_total ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON user_total TO chat_app USING (user_id = lc.user_id());
CREATE POLICY work ON user_total TO chat_worker USING (true);
GRANT SELECT, INSERT, UPDATE ON user_total TO chat_app, chat_worker;
-- A refused send is taken back.
GRANT DELETE ON message, generation TO chat_worker;
GRANT UPDATE (leaf_id, title, model, update_time, messages) ON chat TO chat_worker;
