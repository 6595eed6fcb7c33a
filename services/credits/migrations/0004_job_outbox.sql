-- Tables of runtime/jobs and runtime/outbox (docs/modules).
CREATE TABLE job (
    name text PRIMARY KEY,
    run_time timestamptz NOT NULL DEFAULT lc.now(),
    lease uuid,
    success_time timestamptz,
    error text
);
GRANT SELECT, INSERT, UPDATE ON job TO credits_app;

CREATE TABLE outbox (
    id uuid PRIMARY KEY,
    seq bigint GENERATED ALWAYS AS IDENTITY,
    key text NOT NULL,
    method text NOT NULL,
    request bytea NOT NULL,
    create_time timestamptz NOT NULL DEFAULT lc.now(),
    attempts integer NOT NULL DEFAULT 0,
    next_time timestamptz NOT NULL DEFAULT lc.now(),
    done_time timestamptz,
    refused text
);
CREATE INDEX outbox_due ON outbox (next_time) WHERE done_time IS NULL;
CREATE INDEX outbox_key ON outbox (key, seq) WHERE done_time IS NULL;
CREATE INDEX outbox_done ON outbox (done_time) WHERE done_time IS NOT NULL;
GRANT SELECT, INSERT, UPDATE, DELETE ON outbox TO credits_app;
