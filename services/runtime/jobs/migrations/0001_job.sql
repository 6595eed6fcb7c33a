-- Periodic work (docs/modules/jobs.md). Schemas of older releases have this table already.
CREATE TABLE IF NOT EXISTS job (
    name         text PRIMARY KEY,
    run_time     timestamptz NOT NULL DEFAULT lc.now(), -- next run; while it runs: when another replica may take it over
    lease        uuid,                                  -- of the run under way
    success_time timestamptz,                           -- end of the last good run
    error        text                                   -- of the last run, when it failed
);
-- A table of this name that is another one is refused here.
SELECT FROM job
WHERE name = ''::text AND run_time = lc.now() AND lease = NULL::uuid AND success_time = lc.now() AND error = ''::text;

-- A new table is for the service's two roles. One of an older release keeps its rights.
DO $$
DECLARE
    role regrole;
BEGIN
    IF (SELECT relacl IS NULL FROM pg_class WHERE oid = 'job'::regclass) THEN
        FOREACH role IN ARRAY ARRAY[to_regrole(current_schema() || '_app'), to_regrole(current_schema() || '_worker')] LOOP
            IF role IS NOT NULL THEN
                EXECUTE format('GRANT SELECT, INSERT, UPDATE ON job TO %s', role);
            END IF;
        END LOOP;
    END IF;
END $$;
