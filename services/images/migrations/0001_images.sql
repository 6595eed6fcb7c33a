-- Images that were made for a user. The picture itself lies in the object store.

CREATE TABLE image (
    id uuid PRIMARY KEY,
    owner_id uuid NOT NULL,
    prompt text NOT NULL CHECK (octet_length(prompt) <= 4096),
    model text NOT NULL CHECK (octet_length(model) <= 100),
    width integer NOT NULL CHECK (width > 0),
    height integer NOT NULL CHECK (height > 0),
    credits_used_microcredits bigint NOT NULL CHECK (credits_used_microcredits >= 0),
    create_time timestamptz NOT NULL DEFAULT lc.now()
);
CREATE INDEX image_owner ON image (owner_id, create_time DESC, id DESC);

ALTER TABLE image ENABLE ROW LEVEL SECURITY;
CREATE POLICY image_of_its_owner ON image USING (owner_id = lc.user_id());
GRANT SELECT, INSERT, DELETE ON image TO images_app;
