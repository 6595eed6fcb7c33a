-- Tokens of models whose tokenizer is not ours, learned from what providers report.

-- factor: their tokens for one of o200k. margin: 99 of 100 prompts have at most this times what the factor expects.
CREATE TABLE token_factor (
    family      text PRIMARY KEY CHECK (octet_length(family) BETWEEN 1 AND 40),
    factor      double precision NOT NULL CHECK (factor BETWEEN 0.5 AND 3),
    margin      double precision NOT NULL CHECK (margin BETWEEN 1 AND 3),
    prompts     bigint NOT NULL CHECK (prompts > 0),
    update_time timestamptz NOT NULL DEFAULT lc.now()
);
GRANT SELECT, INSERT, UPDATE ON token_factor TO chat_worker;
