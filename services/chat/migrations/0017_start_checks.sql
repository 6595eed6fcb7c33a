-- As in 0011_domains.sql: conditions of one column are domains, for PostgreSQL parses the CHECKs of a table anew in each statement that writes
-- it. Now for the tables that each call of a program writes. What concerns several columns stays a CHECK.
CREATE DOMAIN generation_state AS text
    CHECK (VALUE IN ('QUEUED', 'RUNNING', 'WAITING', 'DONE', 'CANCELLED', 'FAILED', 'DEAD'));
CREATE DOMAIN stop_reason AS text CHECK (VALUE IN ('STOP', 'LENGTH', 'CANCELLED', 'FILTER', 'TOOL_CALLS'));
CREATE DOMAIN repeat_key AS text CHECK (octet_length(VALUE) <= 300);
CREATE DOMAIN failure_list AS jsonb CHECK (jsonb_typeof(VALUE) = 'array');
CREATE DOMAIN api_dialect AS text CHECK (octet_length(VALUE) <= 40);
CREATE DOMAIN api_connection AS text CHECK (VALUE IN ('OPEN', 'WHOLE', 'LOST', 'NONE'));

ALTER TABLE generation
    DROP CONSTRAINT generation_state_check,
    DROP CONSTRAINT generation_stop_reason_check,
    DROP CONSTRAINT generation_idempotency_key_check,
    DROP CONSTRAINT generation_failures_check,
    ALTER COLUMN state TYPE generation_state,
    ALTER COLUMN stop_reason TYPE stop_reason,
    ALTER COLUMN idempotency_key TYPE repeat_key,
    ALTER COLUMN failures TYPE failure_list;

ALTER TABLE api_call
    DROP CONSTRAINT api_call_dialect_check,
    DROP CONSTRAINT api_call_idempotency_key_check,
    DROP CONSTRAINT api_call_connection_check,
    DROP CONSTRAINT api_call_text_check,
    DROP CONSTRAINT api_call_reasoning_check,
    DROP CONSTRAINT api_call_items_check,
    ALTER COLUMN dialect TYPE api_dialect,
    ALTER COLUMN idempotency_key TYPE repeat_key,
    ALTER COLUMN connection TYPE api_connection,
    ALTER COLUMN text TYPE answer_text,
    ALTER COLUMN reasoning TYPE answer_text,
    ALTER COLUMN items TYPE answer_text;

-- The commit of a start that a hold follows need not wait for the disk (hurried). The hold's commit does, and PostgreSQL writes one log in its
-- order, so a hold that is stored has its start. That is so as long as credits has its schema in the same database.
CREATE FUNCTION start_hurry(hurried boolean) RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT CASE WHEN hurried AND to_regnamespace('credits') IS NOT NULL THEN set_config('synchronous_commit', 'off', true) END
$$;
