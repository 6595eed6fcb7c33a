-- Programs may send equal bodies by the thousand. A look for what one repeats reads neither whole answers nor those that failed.

-- NONE: there is no answer.
ALTER TABLE api_call DROP CONSTRAINT api_call_connection_check;
ALTER TABLE api_call ADD CONSTRAINT api_call_connection_check CHECK (connection IN ('OPEN', 'WHOLE', 'LOST', 'NONE'));
CREATE INDEX api_call_unread ON api_call (fingerprint) WHERE connection IN ('OPEN', 'LOST');
CREATE INDEX api_call_newest ON api_call (fingerprint, create_time) WHERE connection <> 'NONE';
DROP INDEX api_call_fingerprint;
