-- Billing types, limits, budgets, reversals: rarer commands, each a function under the lock of the user's account.

CREATE INDEX account_gift_expire_time ON account (gift_expire_time) WHERE gift_expire_time IS NOT NULL;
CREATE INDEX account_pay_as_you_go ON account (id) WHERE billing_type = 'pay_as_you_go';

-- Users with a gift whose time is over and of which something is left. A definer, for the sweeper acts for no one user.
CREATE FUNCTION gifts_due(p_limit int) RETURNS TABLE (id uuid, chain_seq bigint) LANGUAGE sql STABLE
    SECURITY DEFINER SET search_path = credits, lc, pg_temp AS $$
    SELECT id, chain_seq FROM account
    WHERE gift_expire_time <= lc.now() AND gift_microcredits > 0
        AND credits_posted - debits_posted - debits_pending > 0
    ORDER BY gift_expire_time LIMIT p_limit
$$;
REVOKE ALL ON FUNCTION gifts_due(int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION gifts_due(int) TO credits_app;

-- Takes back what is left of an expired gift and is not held at this moment; the rest when it is free again.
CREATE FUNCTION expire_gift(p_id uuid, p_user uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    a account := lock_account(p_user);
    t transfer;
    part bigint := least(a.gift_microcredits, a.credits_posted - a.debits_posted - a.debits_pending);
BEGIN
    IF a.gift_expire_time > lc.now() OR coalesce(part, 0) <= 0 THEN
        RETURN;
    END IF;
    t.id := p_id;
    t.kind := 'breakage';
    t.debit_id := p_user;
    t.credit_id := platform('breakage');
    t.amount_microcredits := part;
    t.request_hash := request_hash(ROW('breakage', p_user, a.chain_seq)::text);
    a.gift_microcredits := a.gift_microcredits - part;
    PERFORM append(a, t, 0);
END $$;

-- p_limit: how far a pay-as-you-go user may go below zero; NULL: it is not offered. An account that has the type keeps its limit.
CREATE FUNCTION switch_billing_type(p_user uuid, p_type billing_type, p_limit bigint, p_purchases_min bigint)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    a account := lock_account(p_user);
BEGIN
    IF a.billing_type = p_type THEN
        RETURN;
    END IF;
    IF p_type = 'prepaid' AND a.credits_posted - a.debits_posted - a.debits_pending < 0 THEN
        RAISE EXCEPTION 'billing_debt';
    END IF;
    IF p_type = 'pay_as_you_go' AND (p_limit IS NULL OR p_purchases_min >
        (SELECT coalesce(sum(transfers), 0) FROM day_total WHERE account_id = p_user AND kind = 'purchase')) THEN
        RAISE EXCEPTION 'billing_unavailable';
    END IF;
    UPDATE account SET billing_type = p_type, limit_microcredits = CASE p_type WHEN 'prepaid' THEN 0 ELSE p_limit END
    WHERE id = p_user;
END $$;

CREATE FUNCTION set_limit(p_user uuid, p_limit bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    a account := lock_account(p_user);
BEGIN
    IF a.id IS NULL THEN
        RAISE EXCEPTION 'not_found';
    ELSIF a.billing_type = 'prepaid' THEN
        RAISE EXCEPTION 'billing_unavailable';
    ELSIF a.credits_posted - a.debits_posted - a.debits_pending + p_limit < 0 THEN
        RAISE EXCEPTION 'billing_debt';
    END IF;
    UPDATE account SET limit_microcredits = p_limit WHERE id = p_user;
END $$;

CREATE FUNCTION suspend_user(p_user uuid, p_suspended boolean) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    a account := lock_account(p_user);
BEGIN
    IF a.id IS NULL THEN
        RAISE EXCEPTION 'not_found';
    END IF;
    UPDATE account SET suspended = p_suspended WHERE id = p_user;
END $$;

-- Somebody else's budget looks as if it were not there.
CREATE FUNCTION set_budget(p_id uuid, p_user uuid, p_kind text, p_name text, p_limit bigint, p_period text, p_budgets_max int)
RETURNS SETOF budget LANGUAGE plpgsql AS $$
DECLARE
    a account := lock_account(p_user);
BEGIN
    IF NOT EXISTS (SELECT FROM budget WHERE id = p_id) THEN
        IF (SELECT count(*) FROM budget) >= p_budgets_max THEN
            RAISE EXCEPTION 'budgets_full';
        END IF;
        INSERT INTO budget (id, account_id, kind, display_name, limit_microcredits, period, period_start, create_time)
        VALUES (p_id, p_user, p_kind, p_name, p_limit, p_period, lc.now(), lc.now()) ON CONFLICT DO NOTHING;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'not_found';
        END IF;
    END IF;
    RETURN QUERY UPDATE budget SET kind = p_kind, display_name = p_name, limit_microcredits = p_limit, period = p_period,
        period_start = CASE WHEN period = p_period THEN period_start ELSE lc.now() END,
        debits_posted = CASE WHEN period = p_period THEN debits_posted ELSE 0 END
    WHERE id = p_id RETURNING *;
END $$;

-- Undoes a transfer of the kinds p_kinds, together with what of it fell to the disputes account (p_original_loss, undone by p_loss).
CREATE FUNCTION reverse(p_id uuid, p_original uuid, p_original_loss uuid, p_loss uuid, p_kinds transfer_kind[],
    p_reference text, p_actor uuid)
RETURNS TABLE (id uuid, kind transfer_kind, change bigint, balance_after bigint, reference text, model text, posted bigint,
    create_time timestamptz) LANGUAGE plpgsql AS $$
DECLARE
    a account := lock_account(transfer_account(p_original));
    o transfer;
    t transfer;
    hash bytea := request_hash(ROW('reverse', p_original, p_reference, p_actor)::text);
BEGIN
    SELECT * INTO o FROM transfer x WHERE x.id = p_original;
    IF o.id IS NULL THEN
        RAISE EXCEPTION 'not_found';
    END IF;
    t := replayed(p_id, hash);
    IF t.id IS NULL THEN
        IF o.kind <> ALL (p_kinds) OR o.reverses_id IS NOT NULL THEN
            RAISE EXCEPTION 'not_reversible';
        ELSIF EXISTS (SELECT FROM transfer x WHERE x.reverses_id = p_original) THEN
            RAISE EXCEPTION 'already_reversed';
        ELSIF o.credit_id = a.id AND o.amount_microcredits > available(a) THEN
            RAISE EXCEPTION 'insufficient_credits';
        END IF;
        t.id := p_id;
        t.kind := CASE WHEN o.kind IN ('settle', 'charge') THEN 'refund' WHEN o.kind = 'gift' THEN 'adjustment' ELSE o.kind END;
        t.debit_id := o.credit_id;
        t.credit_id := o.debit_id;
        t.amount_microcredits := o.amount_microcredits;
        t.reverses_id := p_original;
        t.request_hash := hash;
        t.reference := p_reference;
        t.actor_id := p_actor;
        a := append(a, t, 0);
        SELECT * INTO o FROM transfer x WHERE x.id = p_original_loss;
        IF o.id IS NOT NULL THEN
            t.id := p_loss;
            t.kind := 'loss';
            t.debit_id := o.credit_id;
            t.credit_id := o.debit_id;
            t.amount_microcredits := o.amount_microcredits;
            t.reverses_id := p_original_loss;
            a := append(a, t, 0);
        END IF;
    END IF;
    RETURN QUERY SELECT x.id, x.kind, transfer_change(x), x.balance_after, x.reference, x.model,
        a.credits_posted - a.debits_posted, x.create_time
        FROM transfer x WHERE x.id = p_id;
END $$;

-- Pay-as-you-go users who ended the time before p_end below zero, with what of that debt nothing has paid since. A definer, for it
-- looks at many users.
CREATE FUNCTION debts(p_end date, p_after uuid, p_limit int) RETURNS TABLE (id uuid, debt bigint) LANGUAGE sql STABLE
    SECURITY DEFINER SET search_path = credits, lc, pg_temp AS $$
    SELECT a.id, -c.closing
    FROM account a CROSS JOIN LATERAL (
        SELECT (a.credits_posted - a.debits_posted - coalesce(sum(d.change_microcredits)
            FILTER (WHERE d.kind = 'settle' OR d.change_microcredits < 0), 0))::bigint AS closing
        FROM day_total d WHERE d.account_id = a.id AND d.day >= p_end) c
    WHERE a.billing_type = 'pay_as_you_go' AND a.id > p_after AND c.closing < 0
    ORDER BY a.id LIMIT p_limit
$$;
REVOKE ALL ON FUNCTION debts(date, uuid, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION debts(date, uuid, int) TO credits_app;
