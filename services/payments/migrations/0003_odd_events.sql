-- A signed event that cannot be read is stored all the same, and says why it had no effect.

ALTER TABLE stripe_event
    ADD COLUMN note text,
    ADD CONSTRAINT stripe_event_texts CHECK (octet_length(id) <= 255 AND octet_length(type) <= 255 AND octet_length(note) <= 1000);
CREATE INDEX stripe_event_odd ON stripe_event (receive_time, id) WHERE note IS NOT NULL;
