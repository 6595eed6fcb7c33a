-- Chats, their messages, and the generations that write them. Handlers log in as chat_app and see one user's rows (row level security);
-- engine, sweeper, outbox and jobs log in as chat_worker and see all.

CREATE TABLE chat (
    id          uuid PRIMARY KEY,
    user_id     uuid NOT NULL,
    project_id  uuid,
    title       text NOT NULL CHECK (octet_length(title) <= 200),
    model       text NOT NULL CHECK (octet_length(model) <= 100),
    pinned      boolean NOT NULL DEFAULT false,
    archived    boolean NOT NULL DEFAULT false,
    leaf_id     uuid,                -- last message of the branch that is shown; NULL: there is none
    create_time timestamptz NOT NULL DEFAULT lc.now(),
    update_time timestamptz NOT NULL DEFAULT lc.now(),  -- of the last message: renaming a chat does not move it up the list
    delete_time timestamptz          -- in the bin since
);
CREATE INDEX chat_list ON chat (user_id, archived, pinned DESC, update_time DESC, id DESC) WHERE delete_time IS NULL;
CREATE INDEX chat_bin ON chat (delete_time) WHERE delete_time IS NOT NULL;

-- A tree for each chat. Ids are made in order of time, so parents and elder siblings have the smaller ones. There is no foreign key to the
-- parent: the inserting statement finds it in the same chat, and messages leave only with their chat.
CREATE TABLE message (
    id            uuid PRIMARY KEY,
    chat_id       uuid NOT NULL REFERENCES chat ON DELETE CASCADE,
    user_id       uuid NOT NULL,
    parent_id     uuid,              -- NULL: a root
    family_id     uuid NOT NULL GENERATED ALWAYS AS (coalesce(parent_id, chat_id)) STORED,  -- siblings share it, roots too
    depth         integer NOT NULL CHECK (depth >= 0),   -- messages above it
    role          text NOT NULL CHECK (role IN ('USER', 'ASSISTANT', 'SYSTEM')),
    state         text NOT NULL CHECK (state IN ('RUNNING', 'DONE', 'FAILED', 'CANCELLED')),
    text          text NOT NULL CHECK (octet_length(text) <= 1048576),
    reasoning     text NOT NULL DEFAULT '' CHECK (octet_length(reasoning) <= 1048576),
    tokens        integer NOT NULL CHECK (tokens >= 0),  -- of text, by our count
    model         text NOT NULL DEFAULT '',
    generation_id uuid,              -- that writes or wrote it
    create_time   timestamptz NOT NULL DEFAULT lc.now()
);
CREATE INDEX message_family ON message (family_id, id);
CREATE INDEX message_chat ON message (chat_id, id);

CREATE SEQUENCE lease_seq;

-- One answer of a model. While it runs the row carries the lease of the replica that runs it; every write of that replica names the token.
CREATE TABLE generation (
    id                   uuid PRIMARY KEY,
    user_id              uuid NOT NULL,
    chat_id              uuid NOT NULL REFERENCES chat ON DELETE CASCADE,
    user_message_id      uuid NOT NULL,
    assistant_message_id uuid NOT NULL,
    model                text NOT NULL,
    temperature          double precision,
    top_p                double precision,
    max_output_tokens    integer NOT NULL CHECK (max_output_tokens >= 0),  -- 0: the model's
    state                text NOT NULL CHECK (state IN ('QUEUED', 'RUNNING', 'WAITING', 'DONE', 'CANCELLED', 'FAILED', 'DEAD')),
    attempt              integer NOT NULL DEFAULT 1 CHECK (attempt >= 1),  -- epoch of its events
    lost                 integer NOT NULL DEFAULT 0,  -- attempts whose replica died
    lease_token          bigint,
    lease_until          timestamptz,
    boot_id              uuid,      -- process that runs it
    owner_endpoint       text,      -- where that process answers ForwardWatch
    cancel_requested     boolean NOT NULL DEFAULT false,
    idempotency_key      text CHECK (octet_length(idempotency_key) <= 300),
    request_hash         bytea NOT NULL,
    request_id           text NOT NULL,
    accepted             boolean NOT NULL DEFAULT false,  -- known at the end: its price was held, so watchers got events
    stop_reason          text CHECK (stop_reason IN ('STOP', 'LENGTH', 'CANCELLED', 'FILTER')),
    prompt_tokens        integer NOT NULL DEFAULT 0 CHECK (prompt_tokens >= 0),
    completion_tokens    integer NOT NULL DEFAULT 0 CHECK (completion_tokens >= 0),
    cost_microcredits    bigint NOT NULL DEFAULT 0 CHECK (cost_microcredits >= 0),
    error_code           integer,   -- number of the gRPC code
    error_reason         text,
    error_message        text,
    marks                bytea,     -- where its events begin and end in the texts; at the end
    create_time          timestamptz NOT NULL DEFAULT lc.now(),
    end_time             timestamptz,
    CHECK ((state = 'RUNNING') = (lease_token IS NOT NULL AND lease_until IS NOT NULL AND boot_id IS NOT NULL AND owner_endpoint IS NOT NULL)),
    CHECK ((state IN ('DONE', 'CANCELLED', 'FAILED', 'DEAD')) = (end_time IS NOT NULL)),
    CHECK ((state IN ('FAILED', 'DEAD')) = (error_reason IS NOT NULL))
);
-- Its name is the reason of a second one.
CREATE UNIQUE INDEX generation_running ON generation (chat_id) WHERE state IN ('QUEUED', 'RUNNING', 'WAITING');
CREATE UNIQUE INDEX generation_key ON generation (user_id, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX generation_lease ON generation (lease_until) WHERE state = 'RUNNING';
CREATE INDEX generation_chat ON generation (chat_id);

-- What a running generation has written, in pieces of at most a second; gone when its message has the text.
CREATE TABLE checkpoint (
    generation_id uuid NOT NULL REFERENCES generation ON DELETE CASCADE,
    epoch         integer NOT NULL,
    first_seq     integer NOT NULL,  -- of the events in it
    user_id       uuid NOT NULL,
    text          text NOT NULL,
    reasoning     text NOT NULL,
    marks         bytea NOT NULL,
    PRIMARY KEY (generation_id, epoch, first_seq)
);

-- What was used, once for each attempt that is charged. It outlives the chat.
CREATE TABLE usage (
    generation_id     uuid NOT NULL,
    attempt           integer NOT NULL,
    user_id           uuid NOT NULL,
    model             text NOT NULL,
    provider          text NOT NULL,
    prompt_tokens     integer NOT NULL CHECK (prompt_tokens >= 0),
    completion_tokens integer NOT NULL CHECK (completion_tokens >= 0),
    source            text NOT NULL CHECK (source IN ('PROVIDER', 'COUNTED')),
    price_version     text NOT NULL,
    cost_microcredits bigint NOT NULL CHECK (cost_microcredits >= 0),
    create_time       timestamptz NOT NULL DEFAULT lc.now(),
    PRIMARY KEY (generation_id, attempt)
);

-- Every price that was ever asked, by the version that usage and transfers name.
CREATE TABLE model_price (
    version                   text PRIMARY KEY,
    model                     text NOT NULL,
    per_message_microcredits  bigint NOT NULL CHECK (per_message_microcredits >= 0),
    input_per_1k_microcredits bigint NOT NULL CHECK (input_per_1k_microcredits >= 0),
    output_per_1k_microcredits bigint NOT NULL CHECK (output_per_1k_microcredits >= 0),
    create_time               timestamptz NOT NULL DEFAULT lc.now()
);

-- docs/modules/outbox.md
CREATE TABLE outbox (
    id          uuid PRIMARY KEY,
    seq         bigint GENERATED ALWAYS AS IDENTITY,
    key         text NOT NULL,
    method      text NOT NULL,
    request     bytea NOT NULL,
    create_time timestamptz NOT NULL DEFAULT lc.now(),
    attempts    integer NOT NULL DEFAULT 0,
    next_time   timestamptz NOT NULL DEFAULT lc.now(),
    done_time   timestamptz,
    refused     text
);
CREATE INDEX outbox_due ON outbox (next_time) WHERE done_time IS NULL;
CREATE INDEX outbox_key ON outbox (key, seq) WHERE done_time IS NULL;
CREATE INDEX outbox_done ON outbox (done_time) WHERE done_time IS NOT NULL;

-- docs/modules/jobs.md
CREATE TABLE job (
    name         text PRIMARY KEY,
    run_time     timestamptz NOT NULL DEFAULT lc.now(),
    lease        uuid,
    success_time timestamptz,
    error        text
);

ALTER TABLE chat ENABLE ROW LEVEL SECURITY;
ALTER TABLE message ENABLE ROW LEVEL SECURITY;
ALTER TABLE generation ENABLE ROW LEVEL SECURITY;
ALTER TABLE checkpoint ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON chat TO chat_app USING (user_id = lc.user_id());
CREATE POLICY own ON message TO chat_app USING (user_id = lc.user_id());
CREATE POLICY own ON generation TO chat_app USING (user_id = lc.user_id());
CREATE POLICY own ON checkpoint TO chat_app USING (user_id = lc.user_id());
CREATE POLICY work ON chat TO chat_worker USING (true);
CREATE POLICY work ON message TO chat_worker USING (true);
CREATE POLICY work ON generation TO chat_worker USING (true);
CREATE POLICY work ON checkpoint TO chat_worker USING (true);

GRANT SELECT, INSERT, UPDATE ON chat TO chat_app;
GRANT SELECT, INSERT ON message, generation TO chat_app;
GRANT UPDATE (cancel_requested) ON generation TO chat_app;
GRANT SELECT ON checkpoint TO chat_app;
GRANT USAGE ON SEQUENCE lease_seq TO chat_app, chat_worker;
GRANT SELECT, DELETE ON chat TO chat_worker;
GRANT SELECT, UPDATE ON message, generation TO chat_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON checkpoint TO chat_worker;
GRANT SELECT, INSERT ON usage, model_price TO chat_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON outbox TO chat_worker;
GRANT SELECT, INSERT, UPDATE ON job TO chat_worker;
