-- A function in SQL that PostgreSQL cannot put into the statement of its caller is parsed and planned in each call. PL/pgSQL keeps its plans. A
-- hold with an API key spent a third of its time on budget_room.
DROP FUNCTION budget_room(uuid, uuid[]);
CREATE FUNCTION budget_room(p_owner uuid, p_ids uuid[], OUT own uuid[], OUT room bigint) LANGUAGE plpgsql STABLE AS $$
BEGIN
    SELECT array_agg(b.id ORDER BY b.id), min(b.limit_microcredits - b.debits_pending - budget_used(b)) INTO own, room
    FROM budget b WHERE b.subject_id = ANY (p_ids) AND b.account_id = p_owner;
END $$;

-- Most charges cross nothing, and need no statement.
CREATE OR REPLACE FUNCTION alert_crossing(p_account uuid, p_subject uuid, p_period_start timestamptz, p_before bigint,
    p_after bigint, p_limit bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF p_after >= p_limit * 0.5 THEN
        INSERT INTO alert (subject_id, period_start, level, account_id, create_time)
        SELECT p_subject, p_period_start, level, p_account, lc.now() FROM (VALUES (50), (80), (95), (100)) AS l (level)
        WHERE p_before < p_limit * (level / 100.0) AND p_after >= p_limit * (level / 100.0)
        ON CONFLICT DO NOTHING;
    END IF;
END $$;
