-- Budgets in windows: an API key or a project may have one budget a window, each an account of its own. A hold names the API key and the
-- project, and the ledger finds their budgets.

ALTER TABLE budget ADD subject_id uuid;
UPDATE budget SET subject_id = id;
ALTER TABLE budget ALTER subject_id SET NOT NULL;
ALTER TABLE budget DROP CONSTRAINT budget_period;
ALTER TABLE budget ADD CONSTRAINT budget_period CHECK (period IN ('five_hours', 'day', 'week', 'month', 'total'));
CREATE UNIQUE INDEX budget_subject ON budget (subject_id, period);

ALTER TABLE alert DROP CONSTRAINT alert_level;
ALTER TABLE alert ADD CONSTRAINT alert_level CHECK (level IN (50, 80, 95, 100));

-- The beginning of the window that p_time falls into, for a budget whose last known window began at p_start. Days, weeks (from Monday) and
-- months are those of UTC. Five hours begin with the first charge after the ones before are over. A window ends where the next one begins.
CREATE FUNCTION window_start(p_period text, p_start timestamptz, p_time timestamptz) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE p_period
        WHEN 'total' THEN p_start
        WHEN 'five_hours' THEN CASE WHEN p_time >= p_start + interval '5 hours' THEN p_time ELSE p_start END
        ELSE greatest(p_start, date_trunc(p_period, p_time, 'UTC'))
    END
$$;

-- The moment at which the count begins anew. NULL: never, or with the next charge.
CREATE FUNCTION window_end(p_period text, p_start timestamptz, p_time timestamptz) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE p_period
        WHEN 'total' THEN NULL
        WHEN 'five_hours' THEN CASE WHEN p_time < p_start + interval '5 hours' THEN p_start + interval '5 hours' END
        WHEN 'day' THEN date_trunc('day', p_time, 'UTC') + interval '24 hours'
        WHEN 'week' THEN date_trunc('week', p_time, 'UTC') + interval '168 hours'
        ELSE (date_trunc('month', p_time AT TIME ZONE 'UTC') + interval '1 month') AT TIME ZONE 'UTC'
    END
$$;

-- What was posted in the window of now.
CREATE FUNCTION budget_used(b budget) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN window_start(b.period, b.period_start, lc.now()) > b.period_start THEN 0 ELSE b.debits_posted END
$$;

-- What is left in the tightest budget of these API keys and projects, of those that are the user's (own). NULL: no limit.
CREATE OR REPLACE FUNCTION budget_room(p_ids uuid[], OUT own uuid[], OUT room bigint) LANGUAGE sql STABLE AS $$
    SELECT array_agg(id ORDER BY id), min(limit_microcredits - debits_pending - budget_used(b))
    FROM budget b WHERE subject_id = ANY (p_ids)
$$;

-- Takes p_released off the pending debits of budgets and posts p_charged, at the time of the transfer that does so. A charge in the
-- past of a window (a clock that was put back) does not count in it.
CREATE OR REPLACE FUNCTION budgets_post(p_ids uuid[], p_released bigint, p_charged bigint, p_time timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    b budget;
BEGIN
    FOR b IN
        UPDATE budget SET debits_pending = debits_pending - p_released,
            debits_posted = CASE WHEN window_start(period, period_start, p_time) > period_start THEN p_charged
                WHEN p_time >= period_start THEN debits_posted + p_charged ELSE debits_posted END,
            period_start = window_start(period, period_start, p_time)
        WHERE id = ANY (p_ids) RETURNING *
    LOOP
        PERFORM alert_crossing(b.account_id, b.id, b.period_start, b.debits_posted - p_charged,
            b.debits_posted, b.limit_microcredits);
    END LOOP;
END $$;

-- Notes that spending went from p_before to p_after of p_limit, when that passes 50, 80, 95 or 100 %.
CREATE OR REPLACE FUNCTION alert_crossing(p_account uuid, p_subject uuid, p_period_start timestamptz, p_before bigint,
    p_after bigint, p_limit bigint) RETURNS void LANGUAGE sql AS $$
    INSERT INTO alert (subject_id, period_start, level, account_id, create_time)
    SELECT p_subject, p_period_start, level, p_account, lc.now() FROM (VALUES (50), (80), (95), (100)) AS l (level)
    WHERE p_before < p_limit * (level / 100.0) AND p_after >= p_limit * (level / 100.0)
    ON CONFLICT DO NOTHING
$$;

-- Whether somebody else has a budget for this API key or project. A definer, for it looks at others' rows and tells only this.
CREATE FUNCTION budget_foreign(p_subject uuid, p_user uuid) RETURNS boolean LANGUAGE sql STABLE
    SECURITY DEFINER SET search_path = credits, pg_temp AS $$
    SELECT EXISTS (SELECT FROM budget WHERE subject_id = p_subject AND account_id <> p_user)
$$;
REVOKE ALL ON FUNCTION budget_foreign(uuid, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION budget_foreign(uuid, uuid) TO credits_app;

-- Makes or changes the budget of a subject in one kind of window. Somebody else's looks as if it were not there.
CREATE FUNCTION set_window(p_id uuid, p_user uuid, p_subject uuid, p_kind text, p_name text, p_limit bigint, p_period text,
    p_budgets_max int) RETURNS SETOF budget LANGUAGE plpgsql AS $$
DECLARE
    a account := lock_account(p_user);
BEGIN
    IF budget_foreign(p_subject, p_user) THEN
        RAISE EXCEPTION 'not_found';
    END IF;
    IF NOT EXISTS (SELECT FROM budget WHERE subject_id = p_subject AND period = p_period) THEN
        IF (SELECT count(*) FROM budget) >= p_budgets_max THEN
            RAISE EXCEPTION 'budgets_full';
        END IF;
        INSERT INTO budget (id, account_id, subject_id, kind, display_name, limit_microcredits, period, period_start, create_time)
        VALUES (p_id, p_user, p_subject, p_kind, p_name, p_limit, p_period, lc.now(), lc.now()) ON CONFLICT DO NOTHING;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'not_found';
        END IF;
    END IF;
    -- The name is the subject's, in all of its windows.
    UPDATE budget SET kind = p_kind, display_name = p_name WHERE subject_id = p_subject AND period <> p_period;
    RETURN QUERY UPDATE budget SET kind = p_kind, display_name = p_name, limit_microcredits = p_limit
    WHERE subject_id = p_subject AND period = p_period RETURNING *;
END $$;

-- As the services before this migration call it: the id is the subject's.
CREATE OR REPLACE FUNCTION set_budget(p_id uuid, p_user uuid, p_kind text, p_name text, p_limit bigint, p_period text, p_budgets_max int)
RETURNS SETOF budget LANGUAGE sql AS $$
    SELECT * FROM set_window(p_id, p_user, p_id, p_kind, p_name, p_limit, p_period, p_budgets_max)
$$;
