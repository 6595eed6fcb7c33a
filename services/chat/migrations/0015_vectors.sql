-- Vectors of an answer to a program, in lines of at most 1 MiB in their order: 2,048 inputs have some 17 MB. Deleted with their call, by the purge.
CREATE TABLE api_call_item (
    generation_id uuid NOT NULL,
    position      integer NOT NULL,
    user_id       uuid NOT NULL,
    item          text NOT NULL,
    PRIMARY KEY (generation_id, position)
);
-- Numbers by chance cannot be compressed.
ALTER TABLE api_call_item ALTER COLUMN item SET STORAGE EXTERNAL;

ALTER TABLE api_call_item ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON api_call_item TO chat_app USING (user_id = lc.user_id());
CREATE POLICY work ON api_call_item TO chat_worker USING (true);
GRANT SELECT ON api_call_item TO chat_app;
GRANT SELECT, INSERT, DELETE ON api_call_item TO chat_worker;
