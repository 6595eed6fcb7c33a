-- What an answer has beside its text: tool calls, opaque blocks of reasoning, log probabilities. One JSON object on each line
-- (docs/modules/providers.md), in the order in which they came. Text, reasoning and items together are bounded by answer_bytes_max.
ALTER TABLE message ADD COLUMN items text NOT NULL DEFAULT '' CONSTRAINT message_items_check CHECK (octet_length(items) <= 1048576);
ALTER TABLE checkpoint ADD COLUMN items text NOT NULL DEFAULT '' CONSTRAINT checkpoint_items_check CHECK (octet_length(items) <= 1048576);

-- TOOL_CALLS: the model waits for the results of tools that it called.
ALTER TABLE generation DROP CONSTRAINT generation_stop_reason_check;
ALTER TABLE generation ADD CONSTRAINT generation_stop_reason_check
    CHECK (stop_reason IN ('STOP', 'LENGTH', 'CANCELLED', 'FILTER', 'TOOL_CALLS'));
