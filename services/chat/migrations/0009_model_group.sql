-- Who may use which model (services/chat/catalogue/groups.c). A few rows, which every replica has in memory.

CREATE TABLE model_group (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    -- Ids of models, or beginnings with * at the end.
    models text[] NOT NULL,
    everyone boolean NOT NULL,
    roles text[] NOT NULL,
    users uuid[] NOT NULL,
    create_time timestamptz NOT NULL,
    CONSTRAINT group_name_taken UNIQUE (name),
    CONSTRAINT model_group_sizes CHECK (octet_length(name) BETWEEN 1 AND 100 AND cardinality(models) <= 200 AND cardinality(users) <= 1000
        AND roles <@ '{user,admin}')
);

-- Replicas read the groups again when the number is another one.
CREATE TABLE model_group_version (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    version bigint NOT NULL
);
INSERT INTO model_group_version (version) VALUES (1);

CREATE FUNCTION model_group_changed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = chat, pg_temp AS $$
BEGIN
    UPDATE model_group_version SET version = version + 1;
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION model_group_changed() FROM PUBLIC;
CREATE TRIGGER model_group_changed AFTER INSERT OR UPDATE OR DELETE ON model_group
    FOR EACH STATEMENT EXECUTE FUNCTION model_group_changed();

GRANT SELECT, INSERT, DELETE, UPDATE (name, models, everyone, roles, users) ON model_group TO chat_app;
GRANT SELECT ON model_group, model_group_version TO chat_worker;
