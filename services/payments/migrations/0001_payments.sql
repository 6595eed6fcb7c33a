-- Purchases of credits. A payment is stored before Stripe is called, and its id travels with it.

CREATE TABLE payment (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL,
    package text NOT NULL CHECK (octet_length(package) <= 64),
    credits_microcredits bigint NOT NULL CHECK (credits_microcredits > 0),
    price_currency text NOT NULL CHECK (price_currency ~ '^[A-Z]{3}$'),
    price_minor_units bigint NOT NULL CHECK (price_minor_units > 0),
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'paid', 'expired', 'refunded', 'disputed')),
    create_time timestamptz NOT NULL DEFAULT lc.now()
);
CREATE INDEX payment_user ON payment (user_id, create_time DESC, id DESC);

ALTER TABLE payment ENABLE ROW LEVEL SECURITY;
CREATE POLICY payment_of_its_user ON payment USING (user_id = lc.user_id());
GRANT SELECT, INSERT, UPDATE ON payment TO payments_app;
