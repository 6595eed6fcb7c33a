-- Calls that must not be lost (docs/modules/outbox.md). Schemas of older releases have this table already.
CREATE TABLE IF NOT EXISTS outbox (
    id          uuid PRIMARY KEY,
    seq         bigint GENERATED ALWAYS AS IDENTITY,
    key         text NOT NULL,                         -- calls with one key go out in order
    method      text NOT NULL,                         -- "/credits.v1.CreditsService/Settle"
    request     bytea NOT NULL,                        -- the packed message
    create_time timestamptz NOT NULL DEFAULT lc.now(),
    attempts    integer NOT NULL DEFAULT 0,
    next_time   timestamptz NOT NULL DEFAULT lc.now(), -- not before; while it is called: when it may be tried again
    done_time   timestamptz,                           -- delivered or refused
    refused     text                                   -- the reason of a final refusal
);
-- A table of this name that is another one is refused here.
SELECT FROM outbox
WHERE id = NULL::uuid AND seq = 0::bigint AND key = ''::text AND method = ''::text AND request = ''::bytea
  AND create_time = lc.now() AND attempts = 0::integer AND next_time = lc.now() AND done_time = lc.now() AND refused = ''::text;

CREATE INDEX IF NOT EXISTS outbox_due ON outbox (next_time) WHERE done_time IS NULL;
CREATE INDEX IF NOT EXISTS outbox_key ON outbox (key, seq) WHERE done_time IS NULL;
CREATE INDEX IF NOT EXISTS outbox_done ON outbox (done_time) WHERE done_time IS NOT NULL;

-- A new table is for the service's two roles. One of an older release keeps its rights.
DO $$
DECLARE
    role regrole;
BEGIN
    IF (SELECT relacl IS NULL FROM pg_class WHERE oid = 'outbox'::regclass) THEN
        FOREACH role IN ARRAY ARRAY[to_regrole(current_schema() || '_app'), to_regrole(current_schema() || '_worker')] LOOP
            IF role IS NOT NULL THEN
                EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON outbox TO %s', role);
            END IF;
        END LOOP;
    END IF;
END $$;
