-- Run once by a superuser in the database `limitless`, before any migration; running it again changes nothing.
-- One schema and two roles a service: <s>_owner runs migrations, <s>_app is what the service logs in as and gets from each migration
-- only what it must have (GRANT in services/<s>/migrations). Passwords, where they are used, are set by the operator.

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
DECLARE
    service text;
    role text;
BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    FOREACH service IN ARRAY ARRAY['auth', 'chat', 'credits', 'images', 'payments'] LOOP
        FOREACH role IN ARRAY CASE service
            WHEN 'chat' THEN ARRAY['chat_owner', 'chat_app', 'chat_worker']
            ELSE ARRAY[service || '_owner', service || '_app']
        END LOOP
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
                EXECUTE format('CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS', role);
            END IF;
            EXECUTE format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO %I', current_database(), role);
            EXECUTE format('ALTER ROLE %I IN DATABASE %I SET search_path = %I, lc', role, current_database(), service);
        END LOOP;
        EXECUTE format('CREATE SCHEMA IF NOT EXISTS %I AUTHORIZATION %I', service, service || '_owner');
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', service, service || '_app');
    END LOOP;
    GRANT USAGE ON SCHEMA chat TO chat_worker;
END
$$;
