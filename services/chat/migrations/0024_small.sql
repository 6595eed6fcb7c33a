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
