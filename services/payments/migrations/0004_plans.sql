-- Plans: subscriptions of Stripe's, and the invoices that were paid for them. Facts come in any order and any number of times, as those of payments.

CREATE SEQUENCE subscription_version;
GRANT USAGE ON SEQUENCE subscription_version TO payments_app;

-- The row's lock puts all facts about one subscription in an order. Without a user: nothing named its plan yet, or it belongs to another program
-- of the same Stripe account.
CREATE TABLE subscription (
    id text PRIMARY KEY,
    livemode boolean NOT NULL,
    user_id uuid,
    plan text,
    -- Of one interval, as the plan was when it was bought.
    credits_microcredits bigint,
    -- Stripe's word.
    status text NOT NULL DEFAULT '',
    -- The end of what was paid for.
    period_end timestamptz,
    -- No further interval is paid.
    cancels boolean NOT NULL DEFAULT false,
    -- It is over, for ever.
    end_time timestamptz,
    -- When Stripe said what is known.
    fact_time timestamptz NOT NULL DEFAULT '-infinity',
    -- What credits and chat were told.
    told_end boolean NOT NULL DEFAULT false,
    told_until timestamptz,
    create_time timestamptz NOT NULL DEFAULT lc.now(),
    CONSTRAINT subscription_terms CHECK (octet_length(plan) BETWEEN 1 AND 40 AND credits_microcredits > 0 AND octet_length(status) <= 40)
);
CREATE INDEX subscription_user ON subscription (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX subscription_list ON subscription (create_time, id) WHERE user_id IS NOT NULL;
GRANT SELECT, INSERT, UPDATE ON subscription TO payments_app;

-- Invoices of subscriptions that were paid. Each grants the plan's credits once.
CREATE TABLE plan_invoice (
    id text PRIMARY KEY,
    subscription_id text NOT NULL REFERENCES subscription,
    period_end timestamptz,
    grant_time timestamptz,
    create_time timestamptz NOT NULL DEFAULT lc.now()
);
CREATE INDEX plan_invoice_open ON plan_invoice (subscription_id) WHERE grant_time IS NULL;
GRANT SELECT, INSERT, UPDATE ON plan_invoice TO payments_app;

-- Of two facts of the same second, the one further on counts.
CREATE FUNCTION subscription_rank(status text) RETURNS int LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE status WHEN 'incomplete' THEN 1 WHEN 'trialing' THEN 2 WHEN 'active' THEN 3 WHEN 'past_due' THEN 4 WHEN 'unpaid' THEN 5
        WHEN 'paused' THEN 5 WHEN '' THEN 0 ELSE 6 END
$$;

-- Until when a subscription opens its plan.
CREATE FUNCTION subscription_until(s subscription, p_grace interval) RETURNS timestamptz LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN s.end_time IS NOT NULL THEN s.end_time
        WHEN s.status IN ('active', 'trialing', 'past_due') THEN s.period_end + p_grace ELSE s.fact_time END
$$;

-- One fact about subscription p_id: how it stands (p_status and what follows; NULL: not known), said at p_at, or that its invoice p_invoice was
-- paid up to p_invoice_end. Rows: what credits and chat must be told, in this order. grant: an interval's credits. end: the plan is over. member: the user
-- has the plan until then.
CREATE FUNCTION learn_subscription(p_live boolean, p_id text, p_user uuid, p_plan text, p_credits bigint, p_status text,
    p_period_end timestamptz, p_cancels boolean, p_end timestamptz, p_at timestamptz, p_invoice text, p_invoice_end timestamptz, p_grace interval)
RETURNS TABLE (action text, object text, user_id uuid, plan text, credits bigint, until_time timestamptz, version bigint) LANGUAGE plpgsql AS $$
DECLARE
    s subscription;
    i plan_invoice;
    mine timestamptz;
BEGIN
    INSERT INTO subscription AS t (id, livemode) VALUES (p_id, p_live) ON CONFLICT (id) DO UPDATE SET id = t.id RETURNING t.* INTO s;
    IF s.livemode <> p_live THEN
        RETURN;
    END IF;
    IF s.user_id IS NULL THEN
        s.user_id := p_user;
        s.plan := p_plan;
        s.credits_microcredits := p_credits;
    END IF;
    -- Events say the second; so does what we hear ourselves. An end is one whenever it comes.
    p_at := date_trunc('second', p_at);
    IF p_status IS NOT NULL AND s.end_time IS NULL AND (p_end IS NOT NULL OR (p_at, subscription_rank(p_status), coalesce(p_period_end, '-infinity'))
        >= (s.fact_time, subscription_rank(s.status), coalesce(s.period_end, '-infinity'))) THEN
        s.status := p_status;
        s.fact_time := p_at;
        s.cancels := p_cancels;
        s.end_time := p_end;
    END IF;
    s.period_end := greatest(s.period_end, p_period_end);
    IF p_invoice IS NOT NULL THEN
        INSERT INTO plan_invoice (id, subscription_id, period_end) VALUES (p_invoice, p_id, p_invoice_end) ON CONFLICT DO NOTHING;
        s.period_end := greatest(s.period_end, p_invoice_end);
        IF s.status = '' THEN
            s.status := 'active';
        END IF;
    END IF;
    user_id := s.user_id;
    plan := s.plan;
    credits := s.credits_microcredits;
    IF s.user_id IS NOT NULL THEN
        FOR i IN SELECT x.* FROM plan_invoice x WHERE x.subscription_id = p_id AND x.grant_time IS NULL ORDER BY x.period_end, x.id LOOP
            UPDATE plan_invoice x SET grant_time = lc.now() WHERE x.id = i.id;
            action := 'grant';
            object := i.id;
            until_time := least(coalesce(i.period_end, s.period_end, lc.now() + interval '31 days') + p_grace, s.end_time);
            RETURN NEXT;
        END LOOP;
        object := p_id;
        IF s.end_time IS NOT NULL AND NOT s.told_end THEN
            s.told_end := true;
            action := 'end';
            RETURN NEXT;
        END IF;
        mine := subscription_until(s, p_grace);
        IF mine IS DISTINCT FROM s.told_until THEN
            s.told_until := mine;
            action := 'member';
            until_time := greatest(mine, (SELECT max(subscription_until(x, p_grace)) FROM subscription x
                WHERE x.user_id = s.user_id AND x.plan = s.plan AND x.livemode = p_live AND x.id <> p_id));
            version := nextval('subscription_version');
            RETURN NEXT;
        END IF;
    END IF;
    UPDATE subscription x SET user_id = s.user_id, plan = s.plan, credits_microcredits = s.credits_microcredits, status = s.status,
        period_end = s.period_end, cancels = s.cancels, end_time = s.end_time, fact_time = s.fact_time, told_end = s.told_end,
        told_until = s.told_until WHERE x.id = p_id;
END $$;
