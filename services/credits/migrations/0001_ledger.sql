-- The ledger. Amounts are micro-credits. Every table of a user's money is seen by credits_app through row level security: only
-- the rows of the account named by lc.user, which each function sets for the one user that it acts for.

-- The CHECKs of account and transfer are few on purpose: PostgreSQL parses them anew for each row, which costs more than the row. What
-- else must hold is checked by the functions that alone write here, and by verify().

CREATE TYPE billing_type AS ENUM ('prepaid', 'pay_as_you_go');
CREATE TYPE transfer_kind AS ENUM ('hold', 'settle', 'charge', 'void', 'expire', 'loss', 'gift', 'purchase', 'refund',
    'chargeback', 'adjustment', 'breakage');

-- A user's account; its id is the user's. Sums of its transfers, kept so that a balance is one row. Platform accounts have no row: locking one
-- would queue all settlements of all users behind each other, so their balances are computed from the transfers.
CREATE TABLE account (
    id uuid PRIMARY KEY,
    billing_type billing_type NOT NULL DEFAULT 'prepaid',
    -- How far below zero the balance may go; 0 for prepaid.
    limit_microcredits bigint NOT NULL DEFAULT 0,
    -- An invoice is overdue: the limit counts as 0 for new holds.
    suspended boolean NOT NULL DEFAULT false,
    debits_pending bigint NOT NULL DEFAULT 0,
    debits_posted bigint NOT NULL DEFAULT 0,
    credits_posted bigint NOT NULL DEFAULT 0,
    -- What is left of gifts that expire; spent before anything else.
    gift_microcredits bigint NOT NULL DEFAULT 0,
    gift_expire_time timestamptz,
    -- Number and hash of the account's last transfer: the head of its hash chain.
    chain_seq bigint NOT NULL DEFAULT 0,
    chain_hash bytea NOT NULL DEFAULT '',
    create_time timestamptz NOT NULL,
    update_time timestamptz NOT NULL,
    CONSTRAINT account_sums CHECK (least(debits_pending, gift_microcredits) >= 0),
    CONSTRAINT insufficient_credits
        CHECK (credits_posted + limit_microcredits - debits_posted - debits_pending >= 0)
) WITH (fillfactor = 50);

-- What a user's spending through one API key or in one project may reach. Changed under the lock of the user's account. Never deleted, for
-- open holds may name it.
CREATE TABLE budget (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES account,
    kind text NOT NULL,
    display_name text NOT NULL,
    -- NULL: none.
    limit_microcredits bigint,
    -- 'month': begins anew on the first of each month (UTC). 'total': never.
    period text NOT NULL,
    -- What was posted since then counts.
    period_start timestamptz NOT NULL,
    debits_pending bigint NOT NULL DEFAULT 0,
    debits_posted bigint NOT NULL DEFAULT 0,
    create_time timestamptz NOT NULL,
    CONSTRAINT budget_kind CHECK (kind IN ('api_key', 'project')),
    CONSTRAINT budget_period CHECK (period IN ('month', 'total')),
    CONSTRAINT budget_limit CHECK (limit_microcredits BETWEEN 0 AND 1000000000000000),
    CONSTRAINT budget_name CHECK (octet_length(display_name) <= 100),
    CONSTRAINT budget_sums CHECK (debits_pending >= 0 AND debits_posted >= 0)
) WITH (fillfactor = 50);
CREATE INDEX budget_account ON budget (account_id);

-- Everything that ever moved, and every hold that was refused. Never changed, never deleted.
--   hold        reserves: user → revenue, pending until the one settle, void or expire that names it
--   settle      posts at most the hold and releases the rest       void, expire  release it all (amount 0)
--   charge      posts without a hold: overage, or a settle that came after the hold expired
--   loss        what the user could not pay: platform's loss or disputes account, never the user's
--   gift, purchase, refund, chargeback, adjustment, breakage (a gift that expired)
CREATE TABLE transfer (
    id uuid NOT NULL,
    kind transfer_kind NOT NULL,
    -- The user whose chain it is in; the other side is a platform account.
    account_id uuid NOT NULL,
    debit_id uuid NOT NULL,
    credit_id uuid NOT NULL,
    amount_microcredits bigint NOT NULL,
    -- Reason of a refused hold: it moved nothing, is in no chain, and stays refused.
    refused text,
    hold_id uuid,
    -- The transfer that this one undoes.
    reverses_id uuid,
    -- Posted balance of the user afterwards; NULL where it did not change.
    balance_after bigint,
    -- Place in the account's chain, from 1 without a gap.
    seq bigint,
    -- SHA-256 of the terms: the same id with other terms is refused.
    request_hash bytea NOT NULL,
    -- SHA-256 of the hash before and of this row.
    hash bytea,
    reference text NOT NULL DEFAULT '',
    model text NOT NULL DEFAULT '',
    price_version text NOT NULL DEFAULT '',
    -- The administrator who ordered it.
    actor_id uuid,
    budget_ids uuid[],
    create_time timestamptz NOT NULL,
    CONSTRAINT transfer_id_reused PRIMARY KEY (id),
    CONSTRAINT amount_range CHECK (amount_microcredits BETWEEN 0 AND 1000000000000000),
    CONSTRAINT transfer_refused CHECK ((refused IS NULL) = (seq IS NOT NULL))
);
-- A hold is resolved once, and charged beyond or after it once.
CREATE UNIQUE INDEX transfer_hold_once ON transfer (hold_id, (kind = 'charge')) WHERE hold_id IS NOT NULL;
CREATE UNIQUE INDEX already_reversed ON transfer (reverses_id) WHERE reverses_id IS NOT NULL;
-- The user's list, newest first.
CREATE UNIQUE INDEX transfer_list ON transfer (account_id, seq) WHERE balance_after IS NOT NULL;

CREATE FUNCTION transfer_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'transfers are immutable' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER transfer_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON transfer
    FOR EACH STATEMENT EXECUTE FUNCTION transfer_refuse_change();

-- Holds that nothing resolved yet, with the expiry that chat moves forward. The transfers are the truth; this is their index by time.
CREATE TABLE open_hold (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL,
    expire_time timestamptz NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
CREATE INDEX open_hold_expire_time ON open_hold (expire_time);

-- 80 % or 100 % of a budget or of a pay-as-you-go limit was reached: once a period each. A job passes them on.
CREATE TABLE alert (
    subject_id uuid NOT NULL,
    period_start timestamptz NOT NULL,
    level int NOT NULL,
    account_id uuid NOT NULL,
    create_time timestamptz NOT NULL,
    publish_time timestamptz,
    PRIMARY KEY (subject_id, period_start, level),
    CONSTRAINT alert_level CHECK (level IN (80, 100))
);
CREATE INDEX alert_unpublished ON alert (create_time) WHERE publish_time IS NULL;
CREATE INDEX alert_account ON alert (account_id, create_time);

-- What changed the posted balance, by day (UTC), kind and model: usage and statements without reading transfers.
CREATE TABLE day_total (
    account_id uuid NOT NULL,
    day date NOT NULL,
    -- settle and charge count as settle.
    kind transfer_kind NOT NULL,
    model text NOT NULL,
    transfers bigint NOT NULL,
    -- Sum of the changes; below zero: charged.
    change_microcredits bigint NOT NULL,
    PRIMARY KEY (account_id, day, kind, model)
) WITH (fillfactor = 70);

ALTER TABLE account ENABLE ROW LEVEL SECURITY;
ALTER TABLE alert ENABLE ROW LEVEL SECURITY;
ALTER TABLE budget ENABLE ROW LEVEL SECURITY;
ALTER TABLE transfer ENABLE ROW LEVEL SECURITY;
ALTER TABLE day_total ENABLE ROW LEVEL SECURITY;
CREATE POLICY account_own ON account TO credits_app USING (id = lc.user_id());
CREATE POLICY alert_own ON alert TO credits_app USING (account_id = lc.user_id());
CREATE POLICY budget_own ON budget TO credits_app USING (account_id = lc.user_id());
CREATE POLICY transfer_own ON transfer TO credits_app USING (account_id = lc.user_id());
CREATE POLICY day_total_own ON day_total TO credits_app USING (account_id = lc.user_id());

GRANT SELECT, INSERT, UPDATE ON account, budget, alert, day_total TO credits_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON open_hold TO credits_app;
GRANT SELECT, INSERT ON transfer TO credits_app;
