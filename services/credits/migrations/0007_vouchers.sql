-- Vouchers: codes that become credits once.

-- A credit that a voucher's code gave. Its other side is the platform's account of gifts.
ALTER TYPE transfer_kind ADD VALUE 'voucher';

-- Codes that were made together. The codes themselves are nowhere: an administrator gets them once.
CREATE TABLE voucher_batch (
    id uuid PRIMARY KEY,
    amount_microcredits bigint NOT NULL,
    codes int NOT NULL,
    prefix text NOT NULL,
    note text NOT NULL,
    expire_time timestamptz,
    -- The administrator who made it.
    actor_id uuid NOT NULL,
    create_time timestamptz NOT NULL,
    revoke_time timestamptz,
    CONSTRAINT voucher_batch_amount CHECK (amount_microcredits BETWEEN 1 AND 1000000000000000),
    CONSTRAINT voucher_batch_codes CHECK (codes BETWEEN 1 AND 10000),
    CONSTRAINT voucher_batch_texts CHECK (octet_length(note) <= 500 AND octet_length(prefix) <= 12)
);
CREATE INDEX voucher_batch_list ON voucher_batch (create_time, id);

CREATE TABLE voucher (
    -- SHA-256 of the code. A code has 100 random bits, so nobody finds it by trying hashes.
    code_hash bytea PRIMARY KEY,
    batch_id uuid NOT NULL REFERENCES voucher_batch,
    -- Who redeemed it; NULL: nobody yet.
    account_id uuid,
    redeem_time timestamptz
);
CREATE INDEX voucher_redeemed ON voucher (batch_id) WHERE account_id IS NOT NULL;

-- Codes that were tried and do not count, by user and by address, in the hour since the first of them.
CREATE TABLE voucher_try (
    subject text PRIMARY KEY,
    start_time timestamptz NOT NULL,
    tries int NOT NULL
);
CREATE INDEX voucher_try_start_time ON voucher_try (start_time);

GRANT SELECT, INSERT, UPDATE (revoke_time) ON voucher_batch TO credits_app;
GRANT SELECT, INSERT, UPDATE (account_id, redeem_time) ON voucher TO credits_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON voucher_try TO credits_app;

-- Counts a try, and tells whether it is within the limit.
CREATE FUNCTION voucher_try(p_subject text, p_tries_max int) RETURNS boolean LANGUAGE sql AS $$
    INSERT INTO voucher_try AS v VALUES (p_subject, lc.now(), 1)
    ON CONFLICT (subject) DO UPDATE SET
        tries = CASE WHEN v.start_time <= lc.now() - interval '1 hour' THEN 1 ELSE v.tries + 1 END,
        start_time = CASE WHEN v.start_time <= lc.now() - interval '1 hour' THEN lc.now() ELSE v.start_time END
    RETURNING tries <= p_tries_max
$$;

-- Gives the user the amount of the voucher with this hash, under id p_id, which the caller derives from the code. refused: the reason; it
-- is no exception, so that the try counts. account_unknown: open_account comes first. Whoever redeemed a code may ask again, and gets the
-- same answer. An empty address is not counted.
CREATE FUNCTION redeem(p_user uuid, p_id uuid, p_hash bytea, p_address text, p_user_tries int, p_address_tries int)
RETURNS TABLE (refused text, id uuid, kind transfer_kind, change bigint, balance_after bigint, reference text, model text,
    create_time timestamptz) LANGUAGE plpgsql AS $$
DECLARE
    a account := lock_account(p_user);
    batch uuid;
    amount bigint;
    within boolean;
    t transfer;
BEGIN
    IF a.id IS NULL THEN
        RETURN QUERY SELECT 'account_unknown', NULL::uuid, NULL::transfer_kind, 0::bigint, 0::bigint, '', '', NULL::timestamptz;
        RETURN;
    END IF;
    IF NOT EXISTS (SELECT FROM transfer x WHERE x.id = p_id) THEN
        within := voucher_try(p_user::text, p_user_tries);
        within := (p_address = '' OR voucher_try(p_address, p_address_tries)) AND within;
        IF within THEN
            -- One statement decides: of several who try at once the first gets the row, and the others find it taken.
            UPDATE voucher v SET account_id = p_user, redeem_time = lc.now()
            FROM voucher_batch b
            WHERE v.code_hash = p_hash AND v.account_id IS NULL AND b.id = v.batch_id AND b.revoke_time IS NULL
                AND coalesce(b.expire_time > lc.now(), true)
            RETURNING b.id, b.amount_microcredits INTO batch, amount;
        END IF;
        IF batch IS NULL THEN
            RETURN QUERY SELECT CASE WHEN within THEN 'voucher_invalid' ELSE 'voucher_tries' END, NULL::uuid,
                NULL::transfer_kind, 0::bigint, 0::bigint, '', '', NULL::timestamptz;
            RETURN;
        END IF;
        UPDATE voucher_try SET tries = greatest(tries - 1, 0) WHERE subject IN (p_user::text, p_address);
        t.id := p_id;
        t.kind := 'voucher';
        t.debit_id := platform('gifts');
        t.credit_id := p_user;
        t.amount_microcredits := amount;
        t.request_hash := request_hash(ROW('voucher', p_user, p_hash)::text);
        t.reference := batch;
        a := append(a, t, 0);
    END IF;
    RETURN QUERY SELECT NULL, x.id, x.kind, transfer_change(x), x.balance_after, x.reference, x.model, x.create_time
        FROM transfer x WHERE x.id = p_id;
END $$;
