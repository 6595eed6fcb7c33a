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

-- Only the role that runs jobs: the service's worker, where it has one.
DO $$
BEGIN
    EXECUTE format('GRANT SELECT, INSERT, UPDATE ON job TO %s',
                   coalesce(to_regrole(current_schema() || '_worker'), to_regrole(current_schema() || '_app')));
END $$;
