-- A clock that tests can move, in place of the one of deploy/postgres/bootstrap.sql. Only the superuser of the fixture may write it.
CREATE TABLE IF NOT EXISTS lc.clock_offset (shift interval NOT NULL);
INSERT INTO lc.clock_offset SELECT '0'::interval WHERE NOT EXISTS (SELECT FROM lc.clock_offset);
GRANT SELECT ON lc.clock_offset TO PUBLIC;
CREATE OR REPLACE FUNCTION lc.now() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT statement_timestamp() + (SELECT shift FROM lc.clock_offset) $$;
