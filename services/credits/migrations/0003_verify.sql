-- The invariants of the ledger, each over all rows of one snapshot. I5 and I6 need the payments and the generations of other services:
-- `limitless credits verify` adds them.

-- What the sums of each account must be, from the transfers alone.
CREATE VIEW account_rebuilt AS
SELECT t.account_id AS id,
    coalesce(sum(t.amount_microcredits) FILTER (WHERE t.kind = 'hold'), 0)
        - coalesce(sum(h.amount_microcredits) FILTER (WHERE t.kind IN ('settle', 'void', 'expire')), 0) AS debits_pending,
    coalesce(sum(t.amount_microcredits) FILTER (WHERE t.kind <> 'hold' AND t.debit_id = t.account_id), 0) AS debits_posted,
    coalesce(sum(t.amount_microcredits) FILTER (WHERE t.credit_id = t.account_id), 0) AS credits_posted,
    count(*) AS chain_seq
FROM transfer t LEFT JOIN transfer h ON h.id = t.hold_id
WHERE t.refused IS NULL
GROUP BY t.account_id;

CREATE VIEW budget_rebuilt AS
SELECT b.id,
    coalesce(sum(t.amount_microcredits) FILTER (WHERE t.kind = 'hold'), 0)
        - coalesce(sum(h.amount_microcredits) FILTER (WHERE t.kind IN ('settle', 'void', 'expire')), 0) AS debits_pending,
    coalesce(sum(t.amount_microcredits)
        FILTER (WHERE t.kind IN ('settle', 'charge') AND t.create_time >= b.period_start), 0) AS debits_posted
FROM budget b
LEFT JOIN (transfer t LEFT JOIN transfer h ON h.id = t.hold_id)
    ON t.account_id = b.account_id AND t.refused IS NULL AND b.id = ANY (coalesce(t.budget_ids, h.budget_ids))
GROUP BY b.id;

CREATE VIEW day_total_rebuilt AS
SELECT account_id, (create_time AT TIME ZONE 'UTC')::date AS day,
    CASE kind WHEN 'charge' THEN 'settle' ELSE kind END AS kind, model, count(*) AS transfers,
    sum(CASE WHEN debit_id = account_id THEN -amount_microcredits ELSE amount_microcredits END) AS change_microcredits
FROM transfer WHERE balance_after IS NOT NULL
GROUP BY 1, 2, 3, 4;

-- Balances of the platform, which are stored nowhere.
CREATE VIEW platform_balance AS
SELECT p.name, coalesce(sum(CASE WHEN t.credit_id = platform(p.name) THEN t.amount_microcredits
    ELSE -t.amount_microcredits END), 0) AS posted
FROM unnest(ARRAY['revenue', 'loss', 'clearing', 'gifts', 'adjustments', 'breakage', 'disputes']) AS p (name)
LEFT JOIN transfer t ON platform(p.name) IN (t.debit_id, t.credit_id) AND t.kind <> 'hold' AND t.refused IS NULL
GROUP BY p.name;

-- One row a broken thing: which invariant, and what is wrong.
CREATE VIEW violation AS
-- I1: debits equal credits over the users' stored sums and the platform's derived ones, posted and pending.
SELECT 'I1' AS invariant, format('posted: users %s, platform %s', users.posted, platform.posted) AS what
FROM (SELECT coalesce(sum(credits_posted - debits_posted), 0) AS posted FROM account) users,
    (SELECT sum(posted) AS posted FROM platform_balance) platform
WHERE users.posted + platform.posted <> 0
UNION ALL
SELECT 'I1', format('pending: accounts %s, open holds %s', stored.pending, holds.pending)
FROM (SELECT coalesce(sum(debits_pending), 0) AS pending FROM account) stored,
    (SELECT coalesce(sum(t.amount_microcredits), 0) AS pending FROM open_hold o JOIN transfer t USING (id)) holds
WHERE stored.pending <> holds.pending
UNION ALL
-- I2: what is stored is what the transfers add up to.
SELECT 'I2', format('account %s: stored %s/%s/%s, transfers say %s/%s/%s', coalesce(a.id, r.id), a.debits_pending,
    a.debits_posted, a.credits_posted, r.debits_pending, r.debits_posted, r.credits_posted)
FROM account a FULL JOIN account_rebuilt r USING (id)
WHERE a.id IS NULL
    OR (a.debits_pending, a.debits_posted, a.credits_posted, a.chain_seq)
        <> (coalesce(r.debits_pending, 0), coalesce(r.debits_posted, 0), coalesce(r.credits_posted, 0), coalesce(r.chain_seq, 0))
UNION ALL
SELECT 'I2', format('budget %s: stored %s/%s, transfers say %s/%s', b.id, b.debits_pending, b.debits_posted,
    r.debits_pending, r.debits_posted)
FROM budget b JOIN budget_rebuilt r USING (id)
WHERE (b.debits_pending, b.debits_posted) <> (r.debits_pending, r.debits_posted)
UNION ALL
SELECT 'I2', format('day total of %s on %s, %s %s: stored %s in %s, transfers say %s in %s', account_id, day, kind, model,
    d.change_microcredits, d.transfers, r.change_microcredits, r.transfers)
FROM day_total d FULL JOIN day_total_rebuilt r USING (account_id, day, kind, model)
WHERE (d.change_microcredits, d.transfers) IS DISTINCT FROM (r.change_microcredits, r.transfers)
UNION ALL
-- I3: no user below the limit.
SELECT 'I3', format('account %s: available %s of limit %s', id,
    credits_posted - debits_posted - debits_pending + limit_microcredits, limit_microcredits)
FROM account
WHERE credits_posted - debits_posted - debits_pending + limit_microcredits < 0
    OR (billing_type = 'prepaid' AND limit_microcredits <> 0) OR limit_microcredits < 0
UNION ALL
-- I4: a hold ends once, in a transfer of the same user that settles no more than it held, and is open until then.
SELECT 'I4', format('hold %s ended %s times', hold_id, count(*))
FROM transfer WHERE kind IN ('settle', 'void', 'expire') GROUP BY hold_id HAVING count(*) > 1
UNION ALL
SELECT 'I4', format('%s %s of hold %s', t.kind, t.id, t.hold_id)
FROM transfer t LEFT JOIN transfer h ON h.id = t.hold_id
WHERE (t.hold_id IS NOT NULL) <> (t.kind IN ('settle', 'charge', 'void', 'expire'))
    OR (t.hold_id IS NOT NULL AND (h.id IS NULL OR h.kind <> 'hold' OR h.refused IS NOT NULL OR h.account_id <> t.account_id
        OR (t.kind = 'settle' AND t.amount_microcredits > h.amount_microcredits)))
UNION ALL
SELECT 'I4', format('hold %s is %s', coalesce(o.id, h.id), CASE WHEN o.id IS NULL THEN 'lost' ELSE 'open after its end' END)
FROM open_hold o
FULL JOIN (SELECT id FROM transfer WHERE kind = 'hold' AND refused IS NULL
    EXCEPT SELECT hold_id FROM transfer WHERE kind IN ('settle', 'void', 'expire')) h USING (id)
WHERE o.id IS NULL OR h.id IS NULL
UNION ALL
-- I7: no hold outlives its time by more than a minute.
SELECT 'I7', format('hold %s was due at %s', id, expire_time)
FROM open_hold WHERE expire_time < lc.now() - interval '60 s'
UNION ALL
-- I8: nothing negative, and every transfer has one side at the platform and says whose it is.
SELECT 'I8', format('account %s', id) FROM account
WHERE least(debits_pending, debits_posted, credits_posted, gift_microcredits, limit_microcredits) < 0
UNION ALL
SELECT 'I8', format('%s %s: %s from %s to %s', t.kind, t.id, t.amount_microcredits, t.debit_id, t.credit_id)
FROM transfer t
LEFT JOIN account a ON a.id = t.account_id
WHERE t.amount_microcredits NOT BETWEEN 0 AND 1000000000000000 OR a.id IS NULL
    OR t.account_id NOT IN (t.debit_id, t.credit_id) AND t.kind <> 'loss'
    OR (t.refused IS NOT NULL AND (t.kind <> 'hold' OR t.seq IS NOT NULL OR t.hash IS NOT NULL))
UNION ALL
-- I9: the chain of each account is whole, and its running balance right.
SELECT 'I9', format('account %s: transfer %s breaks the chain at %s', c.account_id, c.id, c.seq)
FROM (SELECT t.account_id, t.id, t.seq, t.hash, t.balance_after,
        row_number() OVER w AS place,
        chain_hash(coalesce(lag(t.hash) OVER w, ''), t) AS computed,
        sum(CASE WHEN t.kind IN ('hold', 'void', 'expire') THEN 0 WHEN t.debit_id = t.account_id THEN -t.amount_microcredits
            WHEN t.credit_id = t.account_id THEN t.amount_microcredits ELSE 0 END) OVER w AS balance
    FROM transfer t WHERE t.refused IS NULL WINDOW w AS (PARTITION BY t.account_id ORDER BY t.seq)) c
WHERE c.seq <> c.place OR c.hash IS DISTINCT FROM c.computed OR c.balance_after <> c.balance
UNION ALL
SELECT 'I9', format('account %s: its head is not its last transfer', a.id)
FROM account a LEFT JOIN transfer t ON t.account_id = a.id AND t.seq = a.chain_seq
WHERE a.chain_hash <> coalesce(t.hash, '');

-- Each invariant with the number of violations and the first of them. The second definer: it reads all users' rows and tells counts.
CREATE FUNCTION verify() RETURNS TABLE (invariant text, violations bigint, first_violations text[]) LANGUAGE sql STABLE
    SECURITY DEFINER SET search_path = credits, lc, pg_temp AS $$
    SELECT i.name, count(v.what), (array_agg(v.what ORDER BY v.what) FILTER (WHERE v.what IS NOT NULL))[1:10]
    FROM unnest(ARRAY['I1', 'I2', 'I3', 'I4', 'I7', 'I8', 'I9']) AS i (name)
    LEFT JOIN violation v ON v.invariant = i.name
    GROUP BY i.name ORDER BY i.name
$$;
REVOKE ALL ON FUNCTION verify() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION verify() TO credits_app;

-- Stores what the transfers add up to in place of the sums that differ. For an operator, with the tables locked against the service.
CREATE FUNCTION rebuild() RETURNS void LANGUAGE plpgsql SET search_path = credits, lc, pg_temp AS $$
BEGIN
    LOCK TABLE account, budget, day_total IN SHARE ROW EXCLUSIVE MODE;
    UPDATE account a SET debits_pending = r.debits_pending, debits_posted = r.debits_posted, credits_posted = r.credits_posted,
        chain_seq = r.chain_seq
    FROM account_rebuilt r WHERE r.id = a.id AND (a.debits_pending, a.debits_posted, a.credits_posted, a.chain_seq)
        <> (r.debits_pending, r.debits_posted, r.credits_posted, r.chain_seq);
    UPDATE budget b SET debits_pending = r.debits_pending, debits_posted = r.debits_posted
    FROM budget_rebuilt r WHERE r.id = b.id AND (b.debits_pending, b.debits_posted) <> (r.debits_pending, r.debits_posted);
    DELETE FROM day_total;
    INSERT INTO day_total (account_id, day, kind, model, transfers, change_microcredits)
    SELECT account_id, day, kind, model, transfers, change_microcredits FROM day_total_rebuilt;
END $$;
REVOKE ALL ON FUNCTION rebuild() FROM PUBLIC;
