-- Holds, settles, voids and expiries of a batch by a few statements for all of them: one that locks, one that reads, and one for each table
-- that changes. The function per command that was there before spent most of its time on the start and the end of its statements.

CREATE TYPE command AS (
    n int, -- place in the batch
    kind text, -- hold, settle, void, expire
    id uuid,
    subject uuid, -- user of a hold, else the hold
    amount bigint,
    expire_time timestamptz, -- of a hold
    reference text, -- price version of a settle
    model text,
    budgets uuid[], -- API keys and projects of a hold
    overage uuid,
    loss uuid,
    plans text[] -- that may pay for a hold
);

-- A transfer at the end of its account's chain, and the account with it.
CREATE TYPE posting AS (a account, t transfer);

-- Puts transfer t at the end of the chain of the locked account a and into its sums. released: what it takes off the pending debits. Writes
-- nothing: that is done by store.
CREATE FUNCTION post(a account, t transfer, released bigint) RETURNS posting LANGUAGE plpgsql AS $$
DECLARE
    p posting;
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
    p.a := a;
    p.t := t;
    RETURN p;
END $$;

-- Writes new transfers, and accounts that changed. posted: one of the transfers changes a posted balance.
CREATE FUNCTION store(made transfer[], changed account[], posted boolean) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO transfer SELECT * FROM unnest(made);
    UPDATE account x SET debits_pending = a.debits_pending, debits_posted = a.debits_posted,
        credits_posted = a.credits_posted, gift_microcredits = a.gift_microcredits,
        chain_seq = a.chain_seq, chain_hash = a.chain_hash, update_time = a.update_time
    FROM unnest(changed) a WHERE x.id = a.id;
    IF posted THEN
        INSERT INTO day_total AS d
        SELECT account_id, (create_time AT TIME ZONE 'UTC')::date, CASE kind WHEN 'charge' THEN 'settle' ELSE kind END, model,
            count(*), sum(CASE WHEN debit_id = account_id THEN -amount_microcredits ELSE amount_microcredits END)
        FROM unnest(made) WHERE balance_after IS NOT NULL GROUP BY 1, 2, 3, 4
        ON CONFLICT (account_id, day, kind, model) DO UPDATE
            SET transfers = d.transfers + excluded.transfers,
                change_microcredits = d.change_microcredits + excluded.change_microcredits;
    END IF;
END $$;

-- For the rarer commands: one transfer. It has the search path of run_commands, for plans of post and store are made anew when that changes.
CREATE OR REPLACE FUNCTION append(INOUT a account, t transfer, released bigint) LANGUAGE plpgsql
SET search_path = credits, lc, pg_temp AS $$
DECLARE
    p posting := post(a, t, released);
BEGIN
    PERFORM store(ARRAY[p.t], ARRAY[p.a], (p.t).balance_after IS NOT NULL);
    a := p.a;
END $$;

-- What is left in the tightest budget of these API keys and projects, of those that are p_owner's (own). NULL: no limit.
DROP FUNCTION budget_room(uuid[]);
CREATE FUNCTION budget_room(p_owner uuid, p_ids uuid[], OUT own uuid[], OUT room bigint) LANGUAGE sql STABLE AS $$
    SELECT array_agg(id ORDER BY id), min(limit_microcredits - debits_pending - budget_used(b))
    FROM budget b WHERE subject_id = ANY (p_ids) AND account_id = p_owner
$$;

-- Runs the commands of a batch in one transaction, and tells what became of each. refused: the reason why nothing was done ('account_unknown':
-- the user is new, open_account comes first). It is no exception, so that the others go on.
--   hold      of the user's plans in it that can, the one that ends first pays; otherwise the user. A repeat is paid by whom the hold was paid.
--   settle    charges the amount against a hold and releases the rest. What exceeds the hold, or comes after it expired, is a charge up to the
--             limit (overage, or id after expiry), and what the user cannot pay a loss
--   void      ends a hold without a charge. Nothing is left to release when it expired before
--   expire    the same when the hold's time is over: it may have been moved since it was found
-- A hold expires at most p_lifetime_max_ms (NULL: any time) from now.
-- All works on what was read at the start, and is written at the end. So one account of an owner and one command of a hold have their turn in a
-- pass; others wait for the next pass, which reads anew.
-- A definer: a batch has the commands of many users, and a settle names none. It sees and writes the rows of their accounts alone. Its plans are
-- made once and use the indexes, however small a table is at that moment: they are kept while it grows. None is worth compiling.
CREATE FUNCTION run_commands(p_commands command[], p_lifetime_max_ms bigint)
RETURNS TABLE (n int, refused text, available bigint, charged bigint, expire_time timestamptz) LANGUAGE plpgsql
SECURITY DEFINER SET search_path = credits, lc, pg_temp SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET jit = off AS $$
DECLARE
    latest timestamptz := lc.now() + p_lifetime_max_ms * interval '1 ms';
    locked uuid[]; -- owners
    todo command[] := p_commands;
    later command[];
    seen uuid[]; -- ids and holds of the commands before in this pass
    c record;
    owner uuid; -- of the command
    waits uuid; -- an owner whose other commands wait for the next pass, in their order
    a account; -- of the command, and of those before it in this pass with the same owner
    payer account;
    h transfer; -- the hold that is settled or ends
    t transfer;
    nothing transfer;
    p posting;
    hash bytea;
    released bigint;
    part bigint;
    room bigint;
    dirty boolean;
    posted boolean;
    made transfer[];
    changed account[];
    opened open_hold[];
    ended uuid[];
BEGIN
    -- The owners' accounts, in the order of their ids: whoever holds an owner's lock may change the owner's plans, too.
    locked := ARRAY(SELECT o.id FROM account o WHERE o.id IN (
        SELECT coalesce(b.owner_id, b.id) FROM unnest(p_commands) x
        CROSS JOIN LATERAL (SELECT account.id, account.owner_id FROM account
            WHERE account.id = CASE x.kind WHEN 'hold' THEN x.subject ELSE coalesce(
                (SELECT open_hold.account_id FROM open_hold WHERE open_hold.id = x.subject),
                (SELECT transfer.account_id FROM transfer WHERE transfer.id = x.subject)) END OFFSET 0) b)
    ORDER BY o.id FOR NO KEY UPDATE OF o);

    LOOP
        later := '{}';
        seen := '{}';
        made := '{}';
        changed := '{}';
        opened := '{}';
        ended := '{}';
        posted := false;
        dirty := false;
        owner := NULL;
        waits := NULL;
        a := NULL;
        FOR c IN
            SELECT x.*, x AS command, b.a, b.id AS account, b.owner, y.request_hash AS known, y.refused AS known_refused, g.h,
                o.id IS NOT NULL AS open
            FROM unnest(todo) x
            LEFT JOIN LATERAL (SELECT k.account_id, k.request_hash, k.refused FROM transfer k WHERE k.id = x.id OFFSET 0) y ON true
            LEFT JOIN LATERAL (SELECT k AS h, k.account_id FROM transfer k WHERE x.kind <> 'hold' AND k.id = x.subject
                AND k.kind = 'hold' AND k.refused IS NULL OFFSET 0) g ON true
            LEFT JOIN LATERAL (SELECT k.id FROM open_hold k WHERE x.kind <> 'hold' AND k.id = x.subject OFFSET 0) o ON true
            LEFT JOIN LATERAL (SELECT k AS a, k.id, coalesce(k.owner_id, k.id) AS owner FROM account k WHERE k.id = CASE
                WHEN x.kind <> 'hold' THEN g.account_id
                WHEN x.plans <> '{}' AND x.subject = (SELECT l.owner_id FROM account l WHERE l.id = y.account_id) THEN y.account_id
                ELSE x.subject END AND coalesce(k.owner_id, k.id) = ANY (locked) OFFSET 0) b ON true
            ORDER BY b.owner, x.n
        LOOP
            IF c.id = ANY (seen) OR c.subject = ANY (seen) OR c.owner = waits
                OR (c.owner = owner AND (c.plans <> '{}' OR c.account <> a.id)) THEN
                waits := c.owner;
                later := array_append(later, c.command);
                seen := seen || c.id || CASE WHEN c.kind <> 'hold' THEN c.subject END;
                CONTINUE;
            ELSIF c.owner IS DISTINCT FROM owner THEN
                IF dirty THEN
                    changed := array_append(changed, a);
                    dirty := false;
                END IF;
                owner := c.owner;
                a := c.a;
            END IF;
            seen := array_append(seen, c.id);
            n := c.n;
            refused := NULL;
            charged := 0;
            expire_time := NULL;
            t := nothing;

            IF c.kind = 'hold' THEN
                IF a.id IS NULL THEN
                    refused := 'account_unknown';
                    RETURN NEXT;
                    CONTINUE;
                END IF;
                expire_time := least(c.expire_time, latest);
                IF c.plans <> '{}' AND c.known IS NULL THEN
                    SELECT * INTO payer FROM account k
                    WHERE k.owner_id = c.subject AND k.plan = ANY (c.plans) AND k.gift_expire_time > lc.now() AND available(k) >= c.amount
                    ORDER BY k.gift_expire_time, k.plan LIMIT 1;
                    IF FOUND THEN
                        a := payer;
                    END IF;
                END IF;
                hash := request_hash(ROW('hold', a.id, c.amount, c.reference, c.model, c.budgets)::text);
                IF c.known IS NOT NULL THEN
                    refused := CASE WHEN c.known = hash THEN c.known_refused ELSE 'transfer_id_reused' END;
                ELSE
                    t.id := c.id;
                    t.kind := 'hold';
                    t.account_id := a.id;
                    t.debit_id := a.id;
                    t.credit_id := platform('revenue');
                    t.amount_microcredits := c.amount;
                    t.request_hash := hash;
                    t.reference := c.reference;
                    t.model := c.model;
                    t.price_version := '';
                    room := NULL;
                    IF c.budgets <> '{}' THEN
                        SELECT b.own, b.room INTO t.budget_ids, room FROM budget_room(owner, c.budgets) b;
                    END IF;
                    IF c.amount > available(a) THEN
                        refused := 'insufficient_credits';
                    ELSIF c.amount > room THEN
                        refused := 'budget_exhausted';
                    END IF;
                    IF refused IS NULL THEN
                        p := post(a, t, 0);
                        a := p.a;
                        dirty := true;
                        made := array_append(made, p.t);
                        opened := array_append(opened, ROW(c.id, a.id, expire_time)::open_hold);
                        IF t.budget_ids IS NOT NULL THEN
                            UPDATE budget SET debits_pending = debits_pending + c.amount WHERE id = ANY (t.budget_ids);
                        END IF;
                    ELSE
                        t.refused := refused;
                        t.create_time := lc.now();
                        made := array_append(made, t);
                    END IF;
                END IF;
                available := available(a);
                RETURN NEXT;
                CONTINUE;
            END IF;

            seen := array_append(seen, c.subject);
            available := available(a);
            IF a.id IS NULL THEN
                refused := 'hold_unknown';
                RETURN NEXT;
                CONTINUE;
            END IF;
            IF c.kind = 'settle' THEN
                hash := request_hash(ROW('settle', c.subject, c.amount, c.reference)::text);
            ELSE
                hash := request_hash(ROW(c.kind::transfer_kind, c.subject)::text);
            END IF;
            IF c.known <> hash THEN
                refused := 'transfer_id_reused';
            ELSIF c.known IS NOT NULL THEN
                charged := sum(amount_microcredits) FROM transfer WHERE id = c.id OR (id = c.overage AND hold_id = c.subject);
            ELSIF c.kind = 'expire' THEN
                -- Not at the end, for the one who extends holds takes no lock of the account.
                DELETE FROM open_hold WHERE id = c.subject AND open_hold.expire_time <= lc.now();
                c.open := FOUND;
            ELSIF NOT c.open THEN
                refused := hold_ended(c.subject);
            END IF;
            IF refused IS NOT NULL OR c.known IS NOT NULL OR (c.kind <> 'settle' AND NOT c.open) THEN
                RETURN NEXT;
                CONTINUE;
            END IF;

            h := c.h;
            released := CASE WHEN c.open THEN h.amount_microcredits ELSE 0 END;
            IF c.open AND c.kind <> 'expire' THEN
                ended := array_append(ended, h.id);
            END IF;
            t.id := c.id;
            t.debit_id := a.id;
            t.credit_id := platform('revenue');
            t.hold_id := h.id;
            t.request_hash := hash;
            IF c.kind <> 'settle' THEN
                t.kind := c.kind;
                t.amount_microcredits := 0;
                p := post(a, t, released);
                a := p.a;
                dirty := true;
                made := array_append(made, p.t);
                IF h.budget_ids IS NOT NULL THEN
                    UPDATE budget SET debits_pending = debits_pending - released WHERE id = ANY (h.budget_ids);
                END IF;
                available := available(a);
                RETURN NEXT;
                CONTINUE;
            END IF;

            t.reference := h.reference;
            t.model := h.model;
            t.price_version := c.reference;
            t.budget_ids := h.budget_ids;
            posted := posted OR c.amount > 0;
            dirty := true;
            IF c.open THEN
                charged := least(c.amount, released);
                t.kind := 'settle';
                t.amount_microcredits := charged;
                p := post(a, t, released);
                a := p.a;
                made := array_append(made, p.t);
                t.id := c.overage;
            END IF;
            IF charged < c.amount OR NOT c.open THEN
                part := least(c.amount - charged, greatest(available(a), 0));
                t.kind := 'charge';
                IF part > 0 OR NOT c.open THEN
                    t.amount_microcredits := part;
                    p := post(a, t, 0);
                    a := p.a;
                    made := array_append(made, p.t);
                    charged := charged + part;
                END IF;
                IF charged < c.amount THEN
                    t.id := c.loss;
                    t.kind := 'loss';
                    t.debit_id := platform('loss');
                    t.hold_id := NULL;
                    t.amount_microcredits := c.amount - charged;
                    p := post(a, t, 0);
                    a := p.a;
                    made := array_append(made, p.t);
                END IF;
            END IF;
            IF h.budget_ids IS NOT NULL THEN
                PERFORM budgets_post(h.budget_ids, released, charged, a.update_time);
            END IF;
            IF a.limit_microcredits > 0 THEN
                PERFORM alert_crossing(a.id, a.id, date_trunc('month', a.update_time, 'UTC'),
                    a.debits_posted - a.credits_posted - charged, a.debits_posted - a.credits_posted, a.limit_microcredits);
            END IF;
            available := available(a);
            RETURN NEXT;
        END LOOP;

        IF dirty THEN
            changed := array_append(changed, a);
        END IF;
        IF made <> '{}' THEN
            PERFORM store(made, changed, posted);
        END IF;
        IF opened <> '{}' THEN
            INSERT INTO open_hold SELECT * FROM unnest(opened);
        END IF;
        IF ended <> '{}' THEN
            DELETE FROM open_hold WHERE id = ANY (ended);
        END IF;
        EXIT WHEN later = '{}';
        todo := later;
    END LOOP;
END $$;
REVOKE ALL ON FUNCTION run_commands(command[], bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION run_commands(command[], bigint) TO credits_app;

-- As the services before this migration call them.
CREATE OR REPLACE FUNCTION run_commands(p_kinds text[], p_ids uuid[], p_subjects uuid[], p_amounts bigint[],
    p_expire_times timestamptz[], p_references text[], p_models text[], p_budgets text[], p_overages uuid[], p_losses uuid[],
    p_plans text[])
RETURNS TABLE (n bigint, refused text, available bigint, charged bigint, expire_time timestamptz) LANGUAGE sql AS $$
    SELECT n, refused, available, charged, expire_time
    FROM run_commands(ARRAY(SELECT ROW(x.place, x.kind, x.id, x.subject, x.amount, x.expire_time, x.reference, x.model, x.budgets::uuid[],
            x.overage, x.loss, x.plans::text[])::command
        FROM unnest(p_kinds, p_ids, p_subjects, p_amounts, p_expire_times, p_references, p_models, p_budgets, p_overages, p_losses, p_plans)
            WITH ORDINALITY AS x (kind, id, subject, amount, expire_time, reference, model, budgets, overage, loss, plans, place)), NULL)
$$;
CREATE OR REPLACE FUNCTION release(p_id uuid, p_user uuid, p_hold uuid, p_kind transfer_kind, OUT o outcome) LANGUAGE sql AS $$
    SELECT ROW(refused, available, charged, expire_time)::outcome
    FROM run_commands(ARRAY[ROW(1, p_kind, p_id, p_hold, 0, 'infinity', '', '', '{}', p_id, p_id, '{}')::command], NULL)
$$;
DROP FUNCTION run_commands(text[], uuid[], uuid[], bigint[], timestamptz[], text[], text[], text[], uuid[], uuid[]);
DROP FUNCTION hold(uuid, uuid, bigint, timestamptz, text, text, uuid[]);
DROP FUNCTION settle(uuid, uuid, uuid, bigint, text, uuid, uuid);
DROP FUNCTION hold_payer(uuid, uuid, text[], bigint);
