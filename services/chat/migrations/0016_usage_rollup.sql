-- Sums of usage by day and by month, so that a month of a million rows is read at once.
--
-- xid: the transaction that wrote the row. All transactions below a snapshot's xmin are over, so rows below it are final, whatever create_time they
-- have. usage_rollup.xid is such a bound: rows below it are in usage_sum, and all others are added when the usage is read.
ALTER TABLE usage ADD COLUMN xid bigint NOT NULL DEFAULT 0;
ALTER TABLE usage ALTER COLUMN xid SET DEFAULT pg_current_xact_id()::text::bigint;
CREATE INDEX usage_xid ON usage USING brin (xid) WITH (pages_per_range = 16, autosummarize = on);

-- Transactions below it are over.
CREATE FUNCTION usage_horizon() RETURNS bigint LANGUAGE sql STABLE AS $$ SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint $$;

CREATE TABLE usage_rollup (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    xid      bigint NOT NULL
);
INSERT INTO usage_rollup (xid) VALUES (0);

-- kind: what key names: 'MODEL', 'PROVIDER', 'USER', or 'KEY' ('': the page). start: the day (UTC's), or the first day of the month.
CREATE TABLE usage_sum (
    kind           text NOT NULL,
    span           text NOT NULL CHECK (span IN ('DAY', 'MONTH')),
    start          date NOT NULL,
    key            text NOT NULL,
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
    listed_calls   bigint NOT NULL,
    listed_charged bigint NOT NULL,
    list_cost      bigint NOT NULL,
    PRIMARY KEY (kind, span, start, key)
);

GRANT SELECT, INSERT, UPDATE, DELETE ON usage_sum TO chat_worker;
GRANT SELECT, UPDATE (xid) ON usage_rollup TO chat_worker;
