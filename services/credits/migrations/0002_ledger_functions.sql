-- What the ledger does, one function a command, so that a command is one round trip and one transaction. All run with the rights of
-- credits_app and see one user's rows only. Each first locks the user's account, which puts all changes of one balance in a row.

-- uuidv5(ACCOUNT, "platform:<name>") of runtime/base/ids.h.
CREATE FUNCTION platform(name text) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE name
        WHEN 'revenue' THEN '03b1b50b-5a60-5b7c-82e7-bb39b962f6f3'::uuid
        WHEN 'loss' THEN '4f094888-9ec1-5a18-8554-bd74743d9640'::uuid
        WHEN 'clearing' THEN '60eb67d8-c039-54ba-8d29-6278ecdcd4fe'::uuid
        WHEN 'gifts' THEN '8db29bf4-383c-5a46-be52-899ef4cad345'::uuid
        WHEN 'adjustments' THEN '842a333a-5d40-53bb-9921-0f14e395790e'::uuid
        WHEN 'breakage' THEN '39bcfb72-33c9-52db-aa9a-36050de25c17'::uuid
        WHEN 'disputes' THEN '4d1ca8dd-3ff1-55bb-a30d-cecd636ff2b4'::uuid
    END
$$;

-- Whose transfer it is. A definer: a settle names no user, so the user must be found before its rows can be seen.
CREATE FUNCTION transfer_account(p_id uuid) RETURNS uuid LANGUAGE sql STABLE
    SECURITY DEFINER SET search_path = credits, pg_temp AS $$
    SELECT account_id FROM transfer WHERE id = p_id
$$;
REVOKE ALL ON FUNCTION transfer_account(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION transfer_account(uuid) TO credits_app;

-- Locks a user's account. NULL id: credits has not seen the user yet (open_account comes first).
CREATE FUNCTION lock_account(p_user uuid) RETURNS account LANGUAGE plpgsql AS $$
DECLARE
    a account;
BEGIN
    PERFORM set_config('lc.user', p_user::text, true);
    SELECT * INTO a FROM account WHERE id = p_user FOR NO KEY UPDATE;
    RETURN a;
END $$;

-- Whose hold it is; NULL: nobody's.
CREATE FUNCTION hold_account(p_hold uuid) RETURNS uuid LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN coalesce((SELECT account_id FROM open_hold WHERE id = p_hold), transfer_account(p_hold));
END $$;

-- Everything that a transfer says, after the hash of the one before it. A row's text form quotes what would be ambiguous and depends on no
-- setting for these types; time and bytes go in by their binary form.
CREATE FUNCTION chain_hash(before bytea, t transfer) RETURNS bytea LANGUAGE sql STABLE AS $$
    SELECT sha256(before || t.request_hash || timestamptz_send(t.create_time) || convert_to(ROW(t.seq, t.id, t.kind,
        t.debit_id, t.credit_id, t.amount_microcredits, t.hold_id, t.reverses_id, t.balance_after, t.reference,
        t.model, t.price_version, t.actor_id, t.budget_ids)::text, 'UTF8'))
$$;

-- Puts transfer t at the end of the chain of the locked account a and into its sums. released: what it takes off the pending debits.
CREATE FUNCTION append(INOUT a account, t transfer, released bigint) LANGUAGE plpgsql AS $$
BEGIN
    a.chain_seq := a.chain_seq + 1;
    a.update_time := greatest(a.update_time, lc.now());
    a.debits_pending := a.debits_pending - released;
    IF t.kind = 'hold' THEN
        a.debits_pending := a.debits_pending + t.amount_microcredits;
    ELSIF t.kind NOT IN ('void', 'expire') THEN
        IF t.debit_id = a.id THEN
            a.debits_posted := a.debits_posted + t.amount_microcredits;
        ELSIF t.credit_id = a.id THEN
            a.credits_posted := a.credits_posted + t.amount_microcredits;
        END IF;
        IF t.amount_microcredits > 0 AND a.id IN (t.debit_id, t.credit_id) THEN
            t.balance_after := a.credits_posted - a.debits_posted;
        END IF;
    END IF;
    IF t.kind IN ('settle', 'charge') THEN
        a.gift_microcredits := greatest(a.gift_microcredits - t.amount_microcredits, 0);
    END IF;

    t.account_id := a.id;
    t.seq := a.chain_seq;
    t.create_time := a.update_time;
    t.reference := coalesce(t.reference, '');
    t.model := coalesce(t.model, '');
    t.price_version := coalesce(t.price_version, '');
    t.hash := chain_hash(a.chain_hash, t);
    a.chain_hash := t.hash;
    INSERT INTO transfer VALUES (t.*);

    IF t.balance_after IS NOT NULL THEN
        INSERT INTO day_total AS d VALUES (a.id, (t.create_time AT TIME ZONE 'UTC')::date,
            CASE t.kind WHEN 'charge' THEN 'settle' ELSE t.kind END, t.model, 1,
            CASE WHEN t.debit_id = a.id THEN -t.amount_microcredits ELSE t.amount_microcredits END)
        ON CONFLICT (account_id, day, kind, model) DO UPDATE
            SET transfers = d.transfers + 1,
                change_microcredits = d.change_microcredits + excluded.change_microcredits;
    END IF;
    UPDATE account SET debits_pending = a.debits_pending, debits_posted = a.debits_posted,
        credits_posted = a.credits_posted, gift_microcredits = a.gift_microcredits,
        chain_seq = a.chain_seq, chain_hash = a.chain_hash, update_time = a.update_time
    WHERE id = a.id;
END $$;

-- What a transfer does to its user's posted balance.
CREATE FUNCTION transfer_change(t transfer) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN t.balance_after IS NULL THEN 0 WHEN t.debit_id = t.account_id THEN -t.amount_microcredits
        ELSE t.amount_microcredits END
$$;

-- What can be held now.
CREATE FUNCTION available(a account) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT a.credits_posted - a.debits_posted - a.debits_pending
        + CASE WHEN a.suspended THEN 0 ELSE a.limit_microcredits END
$$;

-- What is left in the tightest of these budgets, of those that are the user's (own). NULL: no limit.
CREATE FUNCTION budget_room(p_ids uuid[], OUT own uuid[], OUT room bigint) LANGUAGE sql STABLE AS $$
    SELECT array_agg(id ORDER BY id), min(limit_microcredits - debits_pending
        - CASE WHEN period = 'month' AND period_start < date_trunc('month', lc.now(), 'UTC') THEN 0
            ELSE debits_posted END)
    FROM budget WHERE id = ANY (p_ids)
$$;

-- Notes that spending went from p_before to p_after of p_limit, when that passes 80 % or 100 %.
CREATE FUNCTION alert_crossing(p_account uuid, p_subject uuid, p_period_start timestamptz, p_before bigint,
    p_after bigint, p_limit bigint) RETURNS void LANGUAGE sql AS $$
    INSERT INTO alert (subject_id, period_start, level, account_id, create_time)
    SELECT p_subject, p_period_start, level, p_account, lc.now() FROM (VALUES (80), (100)) AS l (level)
    WHERE p_before < p_limit * (level / 100.0) AND p_after >= p_limit * (level / 100.0)
    ON CONFLICT DO NOTHING
$$;

-- Takes p_released off the pending debits of budgets and posts p_charged, at the time of the transfer that does so.
CREATE FUNCTION budgets_post(p_ids uuid[], p_released bigint, p_charged bigint, p_time timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    month timestamptz := date_trunc('month', p_time, 'UTC');
    b budget;
BEGIN
    FOR b IN
        UPDATE budget SET debits_pending = debits_pending - p_released,
            debits_posted = CASE WHEN period = 'month' AND period_start < month THEN p_charged
                WHEN p_time >= period_start THEN debits_posted + p_charged ELSE debits_posted END,
            period_start = CASE period WHEN 'month' THEN greatest(period_start, month) ELSE period_start END
        WHERE id = ANY (p_ids) RETURNING *
    LOOP
        PERFORM alert_crossing(b.account_id, b.id, b.period_start, b.debits_posted - p_charged,
            b.debits_posted, b.limit_microcredits);
    END LOOP;
END $$;

-- Stored outcome of an id: an empty row when it is new. Other terms under it: transfer_id_reused.
CREATE FUNCTION replayed(p_id uuid, p_hash bytea) RETURNS transfer LANGUAGE plpgsql STABLE AS $$
DECLARE
    t transfer;
BEGIN
    SELECT * INTO t FROM transfer WHERE id = p_id;
    IF t.request_hash <> p_hash THEN
        RAISE EXCEPTION 'transfer_id_reused';
    END IF;
    RETURN t;
END $$;

-- What becomes of a hold, settle or void. refused: the reason why nothing was done ('account_unknown': the user is new, open_account comes
-- first). It is no exception, so that the commands which run in the same transaction go on.
CREATE TYPE outcome AS (refused text, available bigint, charged bigint, expire_time timestamptz);

CREATE FUNCTION request_hash(request text) RETURNS bytea LANGUAGE sql STABLE AS $$
    SELECT sha256(convert_to(request, 'UTF8'))
$$;

CREATE FUNCTION hold(p_id uuid, p_user uuid, p_amount bigint, p_expire_time timestamptz, p_reference text,
    p_model text, p_budgets uuid[], OUT o outcome) LANGUAGE plpgsql AS $$
DECLARE
    a account := lock_account(p_user);
    t transfer;
    hash bytea := request_hash(ROW('hold', p_user, p_amount, p_reference, p_model, p_budgets)::text);
    room bigint;
BEGIN
    IF a.id IS NULL THEN
        o.refused := 'account_unknown';
        RETURN;
    END IF;
    o.expire_time := p_expire_time;
    SELECT * INTO t FROM transfer WHERE id = p_id;
    IF t.id IS NOT NULL THEN
        o.refused := CASE WHEN t.request_hash = hash THEN t.refused ELSE 'transfer_id_reused' END;
        o.available := available(a);
        RETURN;
    END IF;
    t.id := p_id;
    t.kind := 'hold';
    t.account_id := p_user;
    t.debit_id := p_user;
    t.credit_id := platform('revenue');
    t.amount_microcredits := p_amount;
    t.request_hash := hash;
    t.reference := p_reference;
    t.model := p_model;
    t.price_version := '';
    IF p_budgets <> '{}' THEN
        SELECT b.own, b.room INTO t.budget_ids, room FROM budget_room(p_budgets) b;
    END IF;
    IF p_amount > available(a) THEN
        o.refused := 'insufficient_credits';
    ELSIF p_amount > room THEN
        o.refused := 'budget_exhausted';
    END IF;
    IF o.refused IS NULL THEN
        a := append(a, t, 0);
        INSERT INTO open_hold (id, account_id, expire_time) VALUES (p_id, p_user, p_expire_time);
        UPDATE budget SET debits_pending = debits_pending + p_amount WHERE id = ANY (t.budget_ids);
    ELSE
        t.refused := o.refused;
        t.create_time := lc.now();
        INSERT INTO transfer VALUES (t.*);
    END IF;
    o.available := available(a);
END $$;

-- Why a hold that is not open cannot be charged or released. NULL: it expired and was not charged since.
CREATE FUNCTION hold_ended(p_hold uuid) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN bool_or(kind = 'void') THEN 'hold_voided'
        WHEN bool_or(kind IN ('settle', 'charge')) THEN 'hold_settled' END
    FROM transfer WHERE hold_id = p_hold
$$;

-- Charges p_amount against a hold and releases the rest. What exceeds the hold, or comes after it expired, is a charge up to the
-- limit (p_overage, or p_id after expiry), and what the user cannot pay a loss (p_loss).
CREATE FUNCTION settle(p_id uuid, p_user uuid, p_hold uuid, p_amount bigint, p_price_version text, p_overage uuid, p_loss uuid,
    OUT o outcome) LANGUAGE plpgsql AS $$
DECLARE
    a account := lock_account(p_user);
    h transfer;
    t transfer;
    hash bytea := request_hash(ROW('settle', p_hold, p_amount, p_price_version)::text);
    was_open boolean;
    released bigint := 0;
    part bigint;
BEGIN
    o.charged := 0;
    SELECT * INTO h FROM transfer WHERE id = p_hold AND kind = 'hold' AND refused IS NULL;
    SELECT * INTO t FROM transfer WHERE id = p_id;
    IF h.id IS NULL THEN
        o.refused := 'hold_unknown';
        RETURN;
    ELSIF t.request_hash = hash THEN
        o.charged := sum(amount_microcredits) FROM transfer WHERE id = p_id OR (id = p_overage AND hold_id = p_hold);
        o.available := available(a);
        RETURN;
    ELSIF t.id IS NOT NULL THEN
        o.refused := 'transfer_id_reused';
        RETURN;
    END IF;
    DELETE FROM open_hold WHERE id = p_hold;
    was_open := FOUND;
    IF NOT was_open THEN
        o.refused := hold_ended(p_hold);
        IF o.refused IS NOT NULL THEN
            RETURN;
        END IF;
    END IF;

    t.id := p_id;
    t.debit_id := a.id;
    t.credit_id := platform('revenue');
    t.hold_id := p_hold;
    t.request_hash := hash;
    t.reference := h.reference;
    t.model := h.model;
    t.price_version := p_price_version;
    t.budget_ids := h.budget_ids;
    IF was_open THEN
        released := h.amount_microcredits;
        o.charged := least(p_amount, released);
        t.kind := 'settle';
        t.amount_microcredits := o.charged;
        a := append(a, t, released);
        t.id := p_overage;
    END IF;
    t.kind := 'charge';
    part := least(p_amount - o.charged, greatest(available(a), 0));
    IF part > 0 OR NOT was_open THEN
        t.amount_microcredits := part;
        a := append(a, t, 0);
        o.charged := o.charged + part;
    END IF;
    IF o.charged < p_amount THEN
        t.id := p_loss;
        t.kind := 'loss';
        t.debit_id := platform('loss');
        t.hold_id := NULL;
        t.amount_microcredits := p_amount - o.charged;
        a := append(a, t, 0);
    END IF;
    IF h.budget_ids IS NOT NULL THEN
        PERFORM budgets_post(h.budget_ids, released, o.charged, a.update_time);
    END IF;
    IF a.limit_microcredits > 0 THEN
        PERFORM alert_crossing(a.id, a.id, date_trunc('month', a.update_time, 'UTC'), a.debits_posted - a.credits_posted - o.charged,
            a.debits_posted - a.credits_posted, a.limit_microcredits);
    END IF;
    o.available := available(a);
END $$;

-- Ends a hold without a charge: p_kind 'void', or 'expire' when its time is over (it may have been moved since it was found). Nothing is
-- left to release when it expired before.
CREATE FUNCTION release(p_id uuid, p_user uuid, p_hold uuid, p_kind transfer_kind, OUT o outcome) LANGUAGE plpgsql AS $$
DECLARE
    a account := lock_account(p_user);
    h transfer;
    t transfer;
    hash bytea := request_hash(ROW(p_kind, p_hold)::text);
BEGIN
    SELECT * INTO h FROM transfer WHERE id = p_hold AND kind = 'hold' AND refused IS NULL;
    SELECT * INTO t FROM transfer WHERE id = p_id;
    IF h.id IS NULL THEN
        o.refused := 'hold_unknown';
    ELSIF t.id IS NOT NULL THEN
        o.refused := CASE WHEN t.request_hash <> hash THEN 'transfer_id_reused' END;
    ELSE
        DELETE FROM open_hold WHERE id = p_hold AND (p_kind = 'void' OR expire_time <= lc.now());
        IF FOUND THEN
            t.id := p_id;
            t.kind := p_kind;
            t.debit_id := a.id;
            t.credit_id := platform('revenue');
            t.amount_microcredits := 0;
            t.hold_id := p_hold;
            t.request_hash := hash;
            a := append(a, t, h.amount_microcredits);
            UPDATE budget SET debits_pending = debits_pending - h.amount_microcredits WHERE id = ANY (h.budget_ids);
        ELSIF p_kind = 'void' THEN
            o.refused := hold_ended(p_hold);
        END IF;
    END IF;
    o.available := available(a);
END $$;

-- Several of hold, settle and void in one transaction, so that they share its commit and a busy account is locked once for all of them.
-- Accounts are locked in the order of their ids. n: place in the arrays. p_subjects: the user of a hold, else the hold.
CREATE FUNCTION run_commands(p_kinds text[], p_ids uuid[], p_subjects uuid[], p_amounts bigint[],
    p_expire_times timestamptz[], p_references text[], p_models text[], p_budgets text[], p_overages uuid[], p_losses uuid[])
RETURNS TABLE (n bigint, refused text, available bigint, charged bigint, expire_time timestamptz) LANGUAGE plpgsql AS $$
DECLARE
    c record;
    o outcome;
BEGIN
    FOR c IN
        SELECT *, CASE x.kind WHEN 'hold' THEN x.subject ELSE hold_account(x.subject) END AS account
        FROM unnest(p_kinds, p_ids, p_subjects, p_amounts, p_expire_times, p_references, p_models, p_budgets,
                p_overages, p_losses) WITH ORDINALITY
            AS x (kind, id, subject, amount, expire_time, reference, model, budgets, overage, loss, place)
        ORDER BY account, x.place
    LOOP
        CASE c.kind
        WHEN 'hold' THEN
            o := hold(c.id, c.subject, c.amount, c.expire_time, c.reference, c.model, c.budgets::uuid[]);
        WHEN 'settle' THEN
            o := settle(c.id, c.account, c.subject, c.amount, c.reference, c.overage, c.loss);
        ELSE
            o := release(c.id, c.account, c.subject, 'void');
        END CASE;
        n := c.place;
        refused := o.refused;
        available := o.available;
        charged := o.charged;
        expire_time := o.expire_time;
        RETURN NEXT;
    END LOOP;
END $$;

-- Makes the account of a user that credits has not seen, with the welcome gift unless p_gift is NULL. Twice: once.
CREATE FUNCTION open_account(p_user uuid, p_gift uuid, p_amount bigint, p_expire_time timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('lc.user', p_user::text, true);
    INSERT INTO account (id, create_time, update_time) VALUES (p_user, lc.now(), lc.now())
    ON CONFLICT DO NOTHING;
    IF p_gift IS NOT NULL THEN
        PERFORM gift(p_gift, p_user, p_amount, p_expire_time);
    END IF;
END $$;

-- Books a gift once under its id; of a gift that was booked, other terms do not matter (the configuration may have changed).
CREATE FUNCTION gift(p_id uuid, p_user uuid, p_amount bigint, p_expire_time timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    a account := lock_account(p_user);
    t transfer;
BEGIN
    IF p_amount = 0 OR EXISTS (SELECT FROM transfer WHERE id = p_id) THEN
        RETURN;
    END IF;
    IF p_expire_time IS NOT NULL THEN
        UPDATE account SET gift_expire_time = p_expire_time WHERE id = p_user;
        a.gift_microcredits := a.gift_microcredits + p_amount;
    END IF;
    t.id := p_id;
    t.kind := 'gift';
    t.debit_id := platform('gifts');
    t.credit_id := p_user;
    t.amount_microcredits := p_amount;
    t.request_hash := request_hash(ROW('gift', p_user)::text);
    PERFORM append(a, t, 0);
END $$;

-- Books a change that needs no hold: purchase, refund, chargeback (other side: clearing) or adjustment. p_change below zero takes
-- credits; what of a refund or chargeback the user does not have any more falls to the disputes account (p_loss), an
-- adjustment is refused.
CREATE FUNCTION book(p_id uuid, p_user uuid, p_kind transfer_kind, p_change bigint, p_reference text, p_actor uuid, p_loss uuid)
RETURNS TABLE (id uuid, kind transfer_kind, change bigint, balance_after bigint, reference text, model text, posted bigint,
    create_time timestamptz) LANGUAGE plpgsql AS $$
DECLARE
    a account := lock_account(p_user);
    t transfer;
    hash bytea := request_hash(ROW(p_kind, p_user, p_change, p_reference, p_actor)::text);
    other uuid := platform(CASE p_kind WHEN 'adjustment' THEN 'adjustments' ELSE 'clearing' END);
    part bigint := abs(p_change);
BEGIN
    IF a.id IS NULL THEN
        RETURN;
    END IF;
    t := replayed(p_id, hash);
    IF t.id IS NULL THEN
        t.id := p_id;
        t.kind := p_kind;
        t.request_hash := hash;
        t.reference := p_reference;
        t.actor_id := p_actor;
        t.debit_id := other;
        t.credit_id := p_user;
        IF p_change < 0 THEN
            t.debit_id := p_user;
            t.credit_id := other;
            part := least(part, greatest(available(a), 0));
        END IF;
        IF p_kind = 'adjustment' AND part < abs(p_change) THEN
            RAISE EXCEPTION 'insufficient_credits';
        END IF;
        t.amount_microcredits := part;
        a := append(a, t, 0);
        IF part < abs(p_change) THEN
            t.id := p_loss;
            t.kind := 'loss';
            t.debit_id := platform('disputes');
            t.amount_microcredits := abs(p_change) - part;
            a := append(a, t, 0);
        END IF;
    END IF;
    RETURN QUERY SELECT x.id, x.kind, transfer_change(x), x.balance_after, x.reference, x.model,
        a.credits_posted - a.debits_posted, x.create_time
        FROM transfer x WHERE x.id = p_id;
END $$;

-- A user's balance, read without writing. No row: the user is new.
CREATE FUNCTION balance(p_user uuid) RETURNS TABLE (available bigint, held bigint, posted bigint,
    billing_type text, limit_microcredits bigint) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('lc.user', p_user::text, true);
    RETURN QUERY SELECT available(a), a.debits_pending, a.credits_posted - a.debits_posted, a.billing_type::text,
        CASE WHEN a.suspended THEN 0 ELSE a.limit_microcredits END FROM account a WHERE a.id = p_user;
END $$;
