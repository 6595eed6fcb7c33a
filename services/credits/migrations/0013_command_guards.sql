-- run_commands writes with the rights of the tables' owner, so what it is given has its bounds in its type. An amount that is NULL would charge
-- the whole hold, and a kind that it does not know would end the hold under that name.
CREATE DOMAIN command_kind AS text NOT NULL CHECK (VALUE IN ('hold', 'settle', 'void', 'expire'));
CREATE DOMAIN command_amount AS bigint NOT NULL CONSTRAINT amount_range CHECK (VALUE BETWEEN 0 AND 1000000000000000);
ALTER TYPE command ALTER ATTRIBUTE kind TYPE command_kind;
ALTER TYPE command ALTER ATTRIBUTE amount TYPE command_amount;
-- Changes nothing in the function, but sessions that have its plans for the type before compile it anew. They would fail otherwise.
ALTER FUNCTION run_commands(command[], bigint) SET jit = off;

-- As in 0002. An account of the platform has no row: its balance is that of the transfers which name it, and a user with this id would change it.
CREATE OR REPLACE FUNCTION open_account(p_user uuid, p_gift uuid, p_amount bigint, p_expire_time timestamptz)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF p_user IN (SELECT platform(name) FROM unnest(ARRAY['revenue', 'loss', 'clearing', 'gifts', 'adjustments', 'breakage', 'disputes']) name) THEN
        RAISE EXCEPTION '% is an account of the platform, not a user', p_user USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM set_config('lc.user', p_user::text, true);
    INSERT INTO account (id, create_time, update_time) VALUES (p_user, lc.now(), lc.now())
    ON CONFLICT DO NOTHING;
    IF p_gift IS NOT NULL THEN
        PERFORM gift(p_gift, p_user, p_amount, p_expire_time);
    END IF;
END $$;
