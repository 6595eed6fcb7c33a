-- What payments knows of Stripe. Facts come by webhook and by reconciliation in any order and any number of times: learn() keeps what is
-- known of a payment and says which bookings follow, once each. payments_app sees all rows until a statement runs for a user (lc.user).

ALTER TABLE payment DROP COLUMN state;
ALTER TABLE payment
    ADD COLUMN livemode boolean NOT NULL DEFAULT false,
    -- "2026-11": the invoice of this month of pay-as-you-go; NULL: a package was bought.
    ADD COLUMN month text,
    -- The caller's Idempotency-Key.
    ADD COLUMN request_key text,
    -- Checkout session or invoice, and where it is paid.
    ADD COLUMN stripe_id text,
    ADD COLUMN url text,
    -- Of a checkout session: nobody can pay after.
    ADD COLUMN expire_time timestamptz,
    -- Of an invoice: without payment the user is suspended after.
    ADD COLUMN due_time timestamptz,
    ADD COLUMN overdue boolean NOT NULL DEFAULT false,
    ADD COLUMN void boolean NOT NULL DEFAULT false,
    ADD COLUMN paid_time timestamptz,
    ADD COLUMN intent_id text,
    ADD COLUMN receipt_url text,
    ADD COLUMN refunded_minor_units bigint NOT NULL DEFAULT 0,
    ADD COLUMN disputed boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT payment_month CHECK (month ~ '^\d{4}-\d{2}$'),
    ADD CONSTRAINT payment_texts CHECK (octet_length(request_key) <= 255 AND octet_length(url) <= 4096 AND octet_length(receipt_url) <= 4096),
    ADD CONSTRAINT payment_refunded CHECK (refunded_minor_units >= 0),
    ADD CONSTRAINT payment_request UNIQUE (user_id, request_key);
ALTER TABLE payment ALTER COLUMN livemode DROP DEFAULT;
CREATE UNIQUE INDEX payment_intent ON payment (intent_id) WHERE intent_id IS NOT NULL;
CREATE INDEX payment_invoice ON payment (user_id) WHERE month IS NOT NULL;
CREATE INDEX payment_invoice_open ON payment (due_time) WHERE month IS NOT NULL AND paid_time IS NULL AND NOT void;
DROP POLICY payment_of_its_user ON payment;
CREATE POLICY payment_of_its_user ON payment USING (lc.user_id() IS NULL OR user_id = lc.user_id());

CREATE TABLE customer (
    user_id uuid NOT NULL,
    livemode boolean NOT NULL,
    stripe_id text NOT NULL,
    create_time timestamptz NOT NULL DEFAULT lc.now(),
    PRIMARY KEY (user_id, livemode)
);
GRANT SELECT, INSERT, DELETE ON customer TO payments_app;

-- Every event that Stripe signed, as it came.
CREATE TABLE stripe_event (
    id text PRIMARY KEY,
    type text NOT NULL,
    object_id text,
    livemode boolean NOT NULL,
    event_time timestamptz NOT NULL,
    raw bytea NOT NULL,
    receive_time timestamptz NOT NULL DEFAULT lc.now()
);
CREATE INDEX stripe_event_received ON stripe_event (receive_time);
GRANT SELECT, INSERT, DELETE ON stripe_event TO payments_app;

-- Stripe's payment intents. The row's lock puts all facts about one payment in an order.
CREATE TABLE intent (
    id text PRIMARY KEY,
    -- Unknown until a fact names both; no foreign key, for the account may serve other programs too.
    payment_id uuid,
    receipt_url text
);
GRANT SELECT, INSERT, UPDATE ON intent TO payments_app;

-- Refunds and disputes: money that went back.
CREATE TABLE clawback (
    id text PRIMARY KEY,
    intent_id text NOT NULL REFERENCES intent,
    kind text NOT NULL,
    -- 0: under way, 1: final, 2: undone (the refund failed, the dispute was won). It only grows.
    state int NOT NULL,
    minor_units bigint NOT NULL,
    livemode boolean NOT NULL,
    -- Taken from the user; NULL: not booked yet.
    taken_microcredits bigint,
    returned boolean NOT NULL DEFAULT false,
    create_time timestamptz NOT NULL DEFAULT lc.now(),
    CONSTRAINT clawback_kind CHECK (kind IN ('refund', 'chargeback')),
    CONSTRAINT clawback_state CHECK (state BETWEEN 0 AND 2),
    CONSTRAINT clawback_amounts CHECK (minor_units >= 0 AND taken_microcredits >= 0)
);
CREATE INDEX clawback_intent ON clawback (intent_id);
CREATE INDEX clawback_under_way ON clawback (create_time) WHERE state = 0;
GRANT SELECT, INSERT, UPDATE ON clawback TO payments_app;

-- Books what went back of a paid payment: each clawback once, and its undoing once. Part by part, so that a payment that went back as a
-- whole took exactly its credits.
CREATE FUNCTION claw(p payment) RETURNS TABLE (action text, object text, credits bigint) LANGUAGE plpgsql AS $$
DECLARE
    c clawback;
    back_minor bigint;
    taken bigint;
BEGIN
    FOR c IN SELECT x.* FROM clawback x WHERE x.intent_id = p.intent_id ORDER BY x.create_time, x.id LOOP
        object := c.id;
        IF c.state < 2 AND c.taken_microcredits IS NULL THEN
            SELECT coalesce(sum(x.minor_units), 0), coalesce(sum(x.taken_microcredits), 0) INTO back_minor, taken
            FROM clawback x WHERE x.intent_id = p.intent_id AND x.taken_microcredits IS NOT NULL AND NOT x.returned;
            back_minor := least(back_minor + c.minor_units, p.price_minor_units);
            credits := floor(p.credits_microcredits::numeric * back_minor / p.price_minor_units)::bigint - taken;
            UPDATE clawback x SET taken_microcredits = greatest(credits, 0) WHERE x.id = c.id;
            action := c.kind;
            IF credits > 0 THEN
                RETURN NEXT;
            END IF;
        ELSIF c.state = 2 AND c.taken_microcredits IS NOT NULL AND NOT c.returned THEN
            UPDATE clawback x SET returned = true WHERE x.id = c.id;
            action := 'undo_' || c.kind;
            credits := c.taken_microcredits;
            IF credits > 0 THEN
                RETURN NEXT;
            END IF;
        END IF;
    END LOOP;
    UPDATE payment x SET
        refunded_minor_units = (SELECT coalesce(sum(y.minor_units), 0) FROM clawback y
            WHERE y.intent_id = p.intent_id AND y.kind = 'refund' AND y.state < 2),
        disputed = EXISTS (SELECT FROM clawback y WHERE y.intent_id = p.intent_id AND y.kind = 'chargeback' AND y.state < 2)
    WHERE x.id = p.id;
END $$;

-- One fact: whatever is known of payment p_payment or payment intent p_intent; NULL: not known. p_paid of p_currency was paid, the
-- refund or dispute p_claw has state p_state, the invoice is void. Rows: what must be booked, in this order.
CREATE FUNCTION learn(p_live boolean, p_payment uuid, p_intent text, p_paid bigint, p_currency text, p_receipt text,
    p_claw text, p_kind text, p_state int, p_minor bigint, p_void boolean)
RETURNS TABLE (action text, object text, payment_id uuid, user_id uuid, credits bigint) LANGUAGE plpgsql AS $$
DECLARE
    i intent;
    p payment;
    was_overdue boolean;
BEGIN
    IF p_intent IS NOT NULL THEN
        INSERT INTO intent AS t (id, payment_id, receipt_url) VALUES (p_intent, p_payment, p_receipt)
        ON CONFLICT (id) DO UPDATE SET payment_id = coalesce(t.payment_id, EXCLUDED.payment_id),
            receipt_url = coalesce(EXCLUDED.receipt_url, t.receipt_url)
        RETURNING t.* INTO i;
    END IF;
    IF p_claw IS NOT NULL THEN
        INSERT INTO clawback AS t (id, intent_id, kind, state, minor_units, livemode) VALUES (p_claw, p_intent, p_kind, p_state, p_minor, p_live)
        ON CONFLICT (id) DO UPDATE SET state = greatest(t.state, EXCLUDED.state);
    END IF;
    SELECT x.* INTO p FROM payment x WHERE x.id = coalesce(i.payment_id, p_payment) AND x.livemode = p_live FOR UPDATE;
    IF p.id IS NULL THEN
        RETURN;
    END IF;
    payment_id := p.id;
    user_id := p.user_id;
    was_overdue := p.overdue;
    IF p_paid IS NOT NULL AND p.paid_time IS NULL THEN
        credits := p.credits_microcredits;
        IF p_paid = p.price_minor_units AND p_currency = p.price_currency THEN
            p.paid_time := lc.now();
            action := 'purchase';
        ELSE
            action := 'mismatch';
        END IF;
        RETURN NEXT;
    END IF;
    UPDATE payment x SET paid_time = p.paid_time, intent_id = coalesce(x.intent_id, i.id),
        receipt_url = coalesce(i.receipt_url, p_receipt, x.receipt_url), void = x.void OR p_void,
        overdue = x.overdue AND p.paid_time IS NULL AND NOT p_void
    WHERE x.id = p.id RETURNING x.* INTO p;
    IF was_overdue AND NOT p.overdue THEN
        -- Two invoices of a user may be paid at the same time: each looks at the other.
        PERFORM FROM payment x WHERE x.user_id = p.user_id AND x.month IS NOT NULL ORDER BY x.id FOR UPDATE;
        IF NOT EXISTS (SELECT FROM payment x WHERE x.user_id = p.user_id AND x.overdue) THEN
            action := 'resume';
            RETURN NEXT;
        END IF;
    END IF;
    IF p.paid_time IS NOT NULL AND p.intent_id IS NOT NULL THEN
        FOR action, object, credits IN SELECT c.action, c.object, c.credits FROM claw(p) c LOOP
            RETURN NEXT;
        END LOOP;
    END IF;
END $$;

-- Tables of runtime/jobs and runtime/outbox (docs/modules).
CREATE TABLE job (
    name text PRIMARY KEY,
    run_time timestamptz NOT NULL DEFAULT lc.now(),
    lease uuid,
    success_time timestamptz,
    error text
);
GRANT SELECT, INSERT, UPDATE ON job TO payments_app;

CREATE TABLE outbox (
    id uuid PRIMARY KEY,
    seq bigint GENERATED ALWAYS AS IDENTITY,
    key text NOT NULL,
    method text NOT NULL,
    request bytea NOT NULL,
    create_time timestamptz NOT NULL DEFAULT lc.now(),
    attempts integer NOT NULL DEFAULT 0,
    next_time timestamptz NOT NULL DEFAULT lc.now(),
    done_time timestamptz,
    refused text
);
CREATE INDEX outbox_due ON outbox (next_time) WHERE done_time IS NULL;
CREATE INDEX outbox_key ON outbox (key, seq) WHERE done_time IS NULL;
CREATE INDEX outbox_done ON outbox (done_time) WHERE done_time IS NOT NULL;
GRANT SELECT, INSERT, UPDATE, DELETE ON outbox TO payments_app;
