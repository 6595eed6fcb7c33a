-- The database needs all of this before any migration. The superuser runs it in the database `limitless`; running it again changes nothing.
-- `limitless up` and `limitless migrate --bootstrap` run it and then call lc.add_service for each service.

REVOKE ALL ON SCHEMA public FROM PUBLIC;

CREATE SCHEMA IF NOT EXISTS lc;
GRANT USAGE ON SCHEMA lc TO PUBLIC;

-- The clock of all business rules: the time of the statement. The tests replace it by one that can be moved.
CREATE OR REPLACE FUNCTION lc.now() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT statement_timestamp() $$;

-- The user of a policy: USING (user_id = lc.user_id()). NULL when no user is set, so no row is seen. A setting that was local to an earlier
-- transaction reads as '' afterwards, not as NULL.
CREATE OR REPLACE FUNCTION lc.user_id() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS
$$ SELECT nullif(current_setting('lc.user', true), '')::uuid $$;

DO $$
BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
END
$$;

-- Makes the schema of a service and its three roles, as far as they are missing:
--   <s>_owner   runs migrations
--   <s>_app     answers users
--   <s>_worker  does background work that no user asked for
-- A migration grants the last two what they must have, and nothing more. Passwords, where they are used, are set by the operator.
CREATE OR REPLACE FUNCTION lc.add_service(service text) RETURNS void LANGUAGE plpgsql AS
$$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY[service || '_owner', service || '_app', service || '_worker'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
            EXECUTE format('CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS', role);
        END IF;
        EXECUTE format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO %I', current_database(), role);
        EXECUTE format('ALTER ROLE %I IN DATABASE %I SET search_path = %I, lc', role, current_database(), service);
    END LOOP;
    EXECUTE format('CREATE SCHEMA IF NOT EXISTS %I AUTHORIZATION %I', service, service || '_owner');
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I, %I', service, service || '_app', service || '_worker');
END
$$;
REVOKE ALL ON FUNCTION lc.add_service(text) FROM PUBLIC;
