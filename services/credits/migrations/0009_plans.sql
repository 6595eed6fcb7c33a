-- Plans: credits that come with a subscription, again and again, and pay for the plan's models alone.

ALTER TYPE transfer_kind ADD VALUE 'plan';

-- A plan of a user is an account of its own, whose id is uuidv5(PLAN, "user:plan"). All commands work on it as on any other. All that it has is
-- a gift that expires: gift_expire_time is the end of what was paid. Its owner's account is locked before it.
ALTER TABLE account ADD COLUMN owner_id uuid REFERENCES account;
ALTER TABLE account ADD COLUMN plan text CONSTRAINT account_plan CHECK (octet_length(plan) BETWEEN 1 AND 40);
-- What the last grant came from: the subscription.
ALTER TABLE account ADD COLUMN plan_source text;
CREATE UNIQUE INDEX account_of_plan ON account (owner_id, plan) WHERE owner_id IS NOT NULL;

-- While a plan's account is lc.user, its owner is lc.owner, whose budgets the plan's holds count in.
DROP POLICY account_own ON account;
CREATE POLICY account_own ON account TO credits_app USING (id = lc.user_id() OR owner_id = lc.user_id());
DROP POLICY budget_own ON budget;
CREATE POLICY budget_own ON budget TO credits_app
    USING (account_id = lc.user_id() OR account_id = nullif(current_setting('lc.owner', true), '')::uuid);
DROP POLICY alert_own ON alert;
CREATE POLICY alert_own ON alert TO credits_app
    USING (account_id = lc.user_id() OR account_id = nullif(current_setting('lc.owner', true), '')::uuid);

-- A user's usage has that of the user's plans.
DROP POLICY day_total_own ON day_total;
CREATE POLICY day_total_own ON day_total TO credits_app USING (account_id = lc.user_id()
    OR account_id IN (SELECT a.id FROM account a WHERE a.owner_id = lc.user_id()));

-- Whose plan's account it is; NULL: it is a user's. Only ids of version 5 can be one, so the look-up is left out for others. A definer: a settle
-- names no user.
CREATE FUNCTION plan_owner_stored(p_account uuid) RETURNS uuid LANGUAGE sql STABLE
    SECURITY DEFINER SET search_path = credits, pg_temp AS $$
    SELECT owner_id FROM account WHERE id = p_account
$$;
REVOKE ALL ON FUNCTION plan_owner_stored(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION plan_owner_stored(uuid) TO credits_app;
CREATE FUNCTION plan_owner(p_account uuid) RETURNS uuid LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN CASE WHEN substr(p_account::text, 15, 1) = '5' THEN plan_owner_stored(p_account) END;
END $$;

-- Locks an account, and before it that of its owner. NULL id: credits has not seen the user yet (open_account comes first).
CREATE OR REPLACE FUNCTION lock_account(p_user uuid) RETURNS account LANGUAGE plpgsql AS $$
DECLARE
    a account;
    owner uuid := plan_owner(p_user);
BEGIN
    IF owner IS NOT NULL THEN
        PERFORM set_config('lc.user', owner::text, true), set_config('lc.owner', owner::text, true);
        PERFORM FROM account WHERE id = owner FOR NO KEY UPDATE;
    ELSIF current_setting('lc.owner', true) <> '' THEN
        PERFORM set_config('lc.owner', '', true);
    END IF;
    PERFORM set_config('lc.user', p_user::text, true);
    SELECT * INTO a FROM account WHERE id = p_user FOR NO KEY UPDATE;
    RETURN a;
END $$;

-- Who pays for a hold: of the user's plans in p_plans that can, the one that ends first; otherwise the user. A repeat is paid by whom the hold
-- was paid.
CREATE FUNCTION hold_payer(p_hold uuid, p_user uuid, p_plans text[], p_amount bigint) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE
    payer uuid;
BEGIN
    IF p_plans = '{}' THEN
        RETURN p_user;
    END IF;
    payer := transfer_account(p_hold);
    IF payer IS NOT NULL THEN
        RETURN CASE WHEN plan_owner(payer) = p_user THEN payer ELSE p_user END;
    END IF;
    PERFORM lock_account(p_user);
    SELECT a.id INTO payer FROM account a
    WHERE a.owner_id = p_user AND a.plan = ANY (p_plans) AND a.gift_expire_time > lc.now() AND available(a) >= p_amount
    ORDER BY a.gift_expire_time, a.plan LIMIT 1;
    RETURN coalesce(payer, p_user);
END $$;

-- What can be held at most in one of the user's plans in p_plans; NULL: the user has none of them.
CREATE FUNCTION plan_room(p_user uuid, p_plans text[]) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('lc.user', p_user::text, true);
    RETURN (SELECT max(available(a)) FROM account a
        WHERE a.owner_id = p_user AND a.plan = ANY (p_plans) AND a.gift_expire_time > lc.now());
END $$;

-- As in 0002, with the plans that may pay for each hold. Accounts are locked in the order of their owners' ids.
CREATE FUNCTION run_commands(p_kinds text[], p_ids uuid[], p_subjects uuid[], p_amounts bigint[],
    p_expire_times timestamptz[], p_references text[], p_models text[], p_budgets text[], p_overages uuid[], p_losses uuid[],
    p_plans text[])
RETURNS TABLE (n bigint, refused text, available bigint, charged bigint, expire_time timestamptz) LANGUAGE plpgsql AS $$
DECLARE
    c record;
    o outcome;
BEGIN
    FOR c IN
        SELECT y.*, coalesce(plan_owner(y.account), y.account) AS owner
        FROM (SELECT *, CASE x.kind WHEN 'hold' THEN x.subject ELSE hold_account(x.subject) END AS account
            FROM unnest(p_kinds, p_ids, p_subjects, p_amounts, p_expire_times, p_references, p_models, p_budgets,
                    p_overages, p_losses, p_plans) WITH ORDINALITY
                AS x (kind, id, subject, amount, expire_time, reference, model, budgets, overage, loss, plans, place)) y
        ORDER BY owner, y.place
    LOOP
        CASE c.kind
        WHEN 'hold' THEN
            o := hold(c.id, hold_payer(c.id, c.subject, c.plans::text[], c.amount), c.amount, c.expire_time, c.reference, c.model,
                c.budgets::uuid[]);
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

-- Grants p_amount under id p_id to the plan of user p_user whose account is p_account, until p_expire_time. What was left of the grant before
-- expires (under id p_rest); a grant that comes later than the one after it is over at once. No row: the user is new (open_account comes first).
CREATE FUNCTION grant_plan(p_id uuid, p_user uuid, p_account uuid, p_plan text, p_source text, p_amount bigint,
    p_expire_time timestamptz, p_reference text, p_rest uuid)
RETURNS TABLE (posted bigint) LANGUAGE plpgsql AS $$
DECLARE
    a account := lock_account(p_user);
    t transfer;
    late boolean;
    rest bigint;
    hash bytea := request_hash(ROW('plan', p_user, p_plan, p_source, p_amount, p_reference)::text);
BEGIN
    IF a.id IS NULL THEN
        RETURN;
    END IF;
    INSERT INTO account (id, owner_id, plan, create_time, update_time) VALUES (p_account, p_user, p_plan, lc.now(), lc.now())
    ON CONFLICT DO NOTHING;
    a := lock_account(p_account);
    t := replayed(p_id, hash);
    IF t.id IS NULL THEN
        late := coalesce(a.gift_expire_time > p_expire_time, false);
        rest := greatest(least(a.gift_microcredits, a.credits_posted - a.debits_posted - a.debits_pending), 0);
        IF late THEN
            rest := p_amount;
        ELSE
            UPDATE account SET gift_expire_time = p_expire_time, plan_source = p_source WHERE account.id = a.id;
        END IF;
        t.id := p_id;
        t.kind := 'plan';
        t.debit_id := platform('clearing');
        t.credit_id := a.id;
        t.amount_microcredits := p_amount;
        t.request_hash := hash;
        t.reference := p_reference;
        a.gift_microcredits := a.gift_microcredits + p_amount;
        a := append(a, t, 0);
        IF rest > 0 THEN
            t.id := p_rest;
            t.kind := 'breakage';
            t.debit_id := a.id;
            t.credit_id := platform('breakage');
            t.amount_microcredits := rest;
            a.gift_microcredits := a.gift_microcredits - rest;
            a := append(a, t, 0);
        END IF;
    END IF;
    RETURN QUERY SELECT a.credits_posted - a.debits_posted;
END $$;

-- Ends the plan with this account now, if its last grant came from subscription p_source. What is left expires as other gifts do.
CREATE FUNCTION end_plan(p_account uuid, p_source text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    a account := lock_account(p_account);
BEGIN
    UPDATE account SET gift_expire_time = lc.now()
    WHERE account.id = a.id AND owner_id IS NOT NULL AND plan_source = p_source AND gift_expire_time > lc.now();
END $$;

-- A budget counts what its user's plans paid, too.
CREATE OR REPLACE VIEW budget_rebuilt AS
SELECT b.id,
    coalesce(sum(t.amount_microcredits) FILTER (WHERE t.kind = 'hold'), 0)
        - coalesce(sum(h.amount_microcredits) FILTER (WHERE t.kind IN ('settle', 'void', 'expire')), 0) AS debits_pending,
    coalesce(sum(t.amount_microcredits)
        FILTER (WHERE t.kind IN ('settle', 'charge') AND t.create_time >= b.period_start), 0) AS debits_posted
FROM budget b
LEFT JOIN (transfer t LEFT JOIN transfer h ON h.id = t.hold_id JOIN account a ON a.id = t.account_id)
    ON coalesce(a.owner_id, a.id) = b.account_id AND t.refused IS NULL AND b.id = ANY (coalesce(t.budget_ids, h.budget_ids))
GROUP BY b.id;
