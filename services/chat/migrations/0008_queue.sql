-- Background answers: they wait in their rows until a replica has room, and between two rounds of tries.
ALTER TABLE generation
    ADD COLUMN background boolean NOT NULL DEFAULT false,
    ADD COLUMN rounds integer NOT NULL DEFAULT 0 CHECK (rounds >= 0),  -- that failed, without those that a provider asked to put off
    ADD COLUMN run_time timestamptz,                                   -- when it is due, while it waits
    ADD COLUMN failures jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(failures) = 'array'),  -- the last of its rounds
    ADD CONSTRAINT generation_waits CHECK ((state IN ('QUEUED', 'WAITING')) = (run_time IS NOT NULL));
CREATE INDEX generation_due ON generation (run_time) WHERE state IN ('QUEUED', 'WAITING');
CREATE INDEX generation_dead ON generation (end_time DESC, id DESC) WHERE state = 'DEAD';

ALTER TABLE message ADD COLUMN asked_model text NOT NULL DEFAULT '';  -- whose place its model took, where that is another
ALTER TABLE chat ADD COLUMN unread boolean NOT NULL DEFAULT false;  -- an answer came in the background

-- Signs of life of the replicas.
CREATE TABLE replica (
    boot_id   uuid PRIMARY KEY,
    endpoint  text NOT NULL,
    running   integer NOT NULL CHECK (running >= 0),
    beat_time timestamptz NOT NULL DEFAULT lc.now()
);

GRANT UPDATE (unread) ON chat TO chat_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON replica TO chat_worker;
GRANT UPDATE (run_time) ON generation TO chat_app;
