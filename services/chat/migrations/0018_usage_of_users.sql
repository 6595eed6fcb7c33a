-- Sums of each user's usage by day and model, so that a user sees a month at once, however many calls it has.
--
-- They have a bound of their own, as usage_rollup.xid is that of usage_sum: replicas of an older release move that one alone, and do not know this table.
ALTER TABLE usage_rollup ADD COLUMN user_xid bigint NOT NULL DEFAULT 0;

CREATE TABLE usage_user_sum (
    user_id        uuid NOT NULL,
    day            date NOT NULL,
    model          text NOT NULL,
    calls          bigint NOT NULL,
    input          bigint NOT NULL,
    cached_input   bigint NOT NULL,
    cache_write    bigint NOT NULL,
    image_input    bigint NOT NULL,
    output         bigint NOT NULL,
    reasoning      bigint NOT NULL,
    images         bigint NOT NULL,
    audio_seconds  bigint NOT NULL,
    tool_calls     bigint NOT NULL,
    charged        bigint NOT NULL,
    PRIMARY KEY (user_id, day, model)
);

GRANT SELECT, INSERT, UPDATE, DELETE ON usage_user_sum TO chat_worker;
GRANT UPDATE (user_xid) ON usage_rollup TO chat_worker;
