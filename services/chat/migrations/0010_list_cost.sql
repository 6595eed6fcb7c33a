-- Usage is read by time, by user and by API key, and plans open models.

-- api_key_id: the API key that asked; NULL: the page did.
ALTER TABLE usage ADD COLUMN api_key_id uuid;
-- Rows come in the order of their times, so a few pages of summaries are enough to find a month.
CREATE INDEX usage_time ON usage USING brin (create_time) WITH (pages_per_range = 16, autosummarize = on);
CREATE INDEX usage_user ON usage (user_id, create_time);

-- Plans whose users are members of a group.
ALTER TABLE model_group ADD COLUMN plans text[] NOT NULL DEFAULT '{}' CONSTRAINT model_group_plans CHECK (cardinality(plans) <= 100);
GRANT UPDATE (plans) ON model_group TO chat_app;

-- Who has which plan, and until when, as payments tells. version: of what payments knew; an older one changes nothing.
CREATE TABLE user_plan (
    user_id    uuid NOT NULL,
    plan       text NOT NULL CHECK (octet_length(plan) BETWEEN 1 AND 40),
    until_time timestamptz NOT NULL,
    version    bigint NOT NULL,
    PRIMARY KEY (user_id, plan)
);
GRANT SELECT, INSERT, UPDATE ON user_plan TO chat_worker;
