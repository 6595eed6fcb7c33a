-- Alerts that no page was told of, and the note that it was. Definers, for the job acts for no user.
CREATE FUNCTION alerts_untold(p_max int) RETURNS TABLE (name text, user_id uuid, subject_id uuid, display_name text, percent int,
    account uuid, period_start timestamptz) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = credits, pg_temp AS $$
    SELECT concat_ws(':', a.subject_id, extract(epoch FROM a.period_start), a.level), a.account_id, coalesce(b.subject_id, a.subject_id),
        coalesce(b.display_name, ''), a.level, a.subject_id, a.period_start
    FROM alert a LEFT JOIN budget b ON b.id = a.subject_id
    WHERE a.publish_time IS NULL ORDER BY a.create_time, a.level LIMIT p_max
$$;
CREATE FUNCTION alert_told(p_subject uuid, p_period_start timestamptz, p_level int) RETURNS void LANGUAGE sql
    SECURITY DEFINER SET search_path = credits, pg_temp AS $$
    UPDATE alert SET publish_time = lc.now() WHERE subject_id = p_subject AND period_start = p_period_start AND level = p_level
$$;
REVOKE ALL ON FUNCTION alerts_untold(int), alert_told(uuid, timestamptz, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION alerts_untold(int), alert_told(uuid, timestamptz, int) TO credits_app;
