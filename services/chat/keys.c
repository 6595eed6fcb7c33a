/* The configuration keys of chat. */
#include "chat/chat.h"
#include "chat/provider/provider.h"

#define CONF_STRUCT struct chat_conf

/* A member of an item of `providers`. */
#define ITEM(key_, type_, member_, fallback_, min_, max_, help_)                                   \
	CONF_ROW(struct provider_conf, "providers[]." key_, type_, member_, fallback_, min_, max_, \
		 false, help_)

const struct conf_key chat_keys[] = {
	CONF_KEY("database.worker_dsn", CONF_SECRET, database_worker_dsn, NULL, 0, 0,
		 "PostgreSQL conninfo or URI of the role chat_worker, which runs generations."),
	CONF_KEY("models", CONF_TEXT, models, "deploy/config/models.yaml", 0, 0,
		 "File of the catalogue of models; SIGHUP reads it anew."),
	CONF_KEY_LIVE("list_prices.file", CONF_TEXT, list_prices, "", 0, 0,
		      "Table of the providers' list prices, as `limitless prices check` reads it: "
		      "usage gets what an answer cost there. SIGHUP reads it anew. Empty: none."),
	CONF_KEY_LIVE("list_prices.credits_per_unit", CONF_TEXT, list_credits, "", 0, 0,
		      "Credits that one unit of the table's currency buys, such as 100."),
	CONF_KEY("usage.days_max", CONF_INTEGER, usage_days_max, "366", 1, 10000,
		 "Days that an administrator may ask the usage of at once."),
	CONF_KEY("usage.csv_rows", CONF_INTEGER, usage_csv_rows, "10000", 1, 20000,
		 "Rows of one file of usage; more are refused."),
	CONF_KEY("usage.rollup", CONF_DURATION, usage_rollup_ms, "1m", 10, CONF_DAY,
		 "How often new rows of usage are added to the sums of their days; until then they "
		 "are added when they are asked for."),
	CONF_KEY("usage.rollup_timeout", CONF_DURATION, usage_rollup_timeout_ms, "10m", 1000,
		 CONF_DAY,
		 "One such run; the first one after an upgrade adds all rows that there are."),
	CONF_KEY("tokens.tables", CONF_TEXT, token_tables, "build/tokens/tables.bin", 0, 0,
		 "File of the tables for counting tokens; `make tokens` makes it."),
	CONF_KEY(
		"tokens.learn", CONF_DURATION, learn_ms, "1m", 10, CONF_DAY,
		"How often the factors of tokenizers are stored that providers' reports teach, and "
		"those of other replicas read."),
	CONF_KEY("advertise", CONF_TEXT, advertise, "", 0, 0,
		 "Where other replicas reach this one; empty: the first of listen."),
	CONF_KEY("engine.workers", CONF_INTEGER, engine_workers, "4", 1, 64,
		 "Threads that do the database work of generations; each has two connections."),
	CONF_KEY("engine.generations_max", CONF_INTEGER, generations_max, "1000", 1, 100000,
		 "Generations at once in this process; more are refused as overloaded."),
	CONF_KEY("engine.generations_per_user", CONF_INTEGER, generations_per_user, "5", 1, 100000,
		 "Generations of one user at once, on all replicas; more are refused."),
	CONF_KEY("engine.generations_reserved", CONF_INTEGER, generations_reserved, "10", 0, 90,
		 "Percent of generations_max that are kept for users who have none in this "
		 "process."),
	CONF_KEY("limits.siblings", CONF_INTEGER, siblings_max, "200", 1, 10000,
		 "Messages with the same parent; more are refused."),
	CONF_KEY("limits.messages_per_chat", CONF_INTEGER, chat_messages_max, "10000", 2, 1000000,
		 "Messages of one chat, questions and answers of all branches."),
	CONF_KEY("limits.chats_per_user", CONF_INTEGER, user_chats_max, "10000", 1, 10000000,
		 "Chats of one user; those in the bin count, and go early where this limit is "
		 "reached."),
	CONF_KEY("limits.bytes_per_user", CONF_BYTES, user_bytes_max, "1GiB", 1 << 20, 1LL << 40,
		 "Text, reasoning and items of all messages of one user; the bin as above."),
	CONF_KEY("limits.projects_per_user", CONF_INTEGER, user_projects_max, "200", 1, 100000,
		 "Projects of one user; those in the bin count, and go early where this limit is "
		 "reached."),
	CONF_KEY("limits.prompts_per_project", CONF_INTEGER, project_prompts_max, "50", 1, 1000,
		 "Prompts of one project, those that are switched off too."),
	CONF_KEY("limits.bytes_per_project", CONF_BYTES, project_bytes_max, "256KiB", 1024, 4 << 20,
		 "Instructions and prompts of one project together."),
	CONF_KEY("limits.templates_per_user", CONF_INTEGER, user_templates_max, "500", 1, 100000,
		 "Templates of one user; those in the bin count, and go early where this limit is "
		 "reached."),
	CONF_KEY("limits.public_templates_per_user", CONF_INTEGER, user_public_max, "50", 0, 100000,
		 "Public templates of one user; 0: users publish none."),
	CONF_KEY("limits.public_templates", CONF_INTEGER, public_templates_max, "5000", 0, 100000,
		 "Public templates of all users together."),
	CONF_KEY("limits.variables_per_template", CONF_INTEGER, template_variables_max, "50", 1,
		 1000, "Different variables in one template."),
	CONF_KEY("limits.rendered_bytes", CONF_BYTES, rendered_bytes_max, "256KiB", 1024, 4 << 20,
		 "Text of a template with its variables filled in."),
	CONF_KEY("lease", CONF_DURATION, lease_ms, "30s", 50, CONF_HOUR,
		 "A generation whose replica is silent for this time is taken over; renewed at a "
		 "third of it."),
	CONF_KEY("checkpoint", CONF_DURATION, checkpoint_ms, "500ms", 10, CONF_SECOND,
		 "How often what was written is stored while a generation runs."),
	CONF_KEY("sweep", CONF_DURATION, sweep_ms, "1s", 10, CONF_HOUR,
		 "How often to look for generations whose replica is gone."),
	CONF_KEY("follow", CONF_DURATION, follow_ms, "250ms", 10, CONF_HOUR,
		 "How often to look into the database for a watcher while no replica answers."),
	CONF_KEY("watch_stall", CONF_DURATION, watch_stall_ms, "30s", 10, CONF_HOUR,
		 "A watcher that takes nothing for this time is ended; it resumes by its cursor."),
	CONF_KEY("hold_margin", CONF_DURATION, hold_margin_ms, "60s", 0, CONF_HOUR,
		 "Holds outlive the lease by this time."),
	CONF_KEY("lost_max", CONF_INTEGER, lost_max, "3", 0, 100,
		 "A generation whose replica died more often than this fails."),
	CONF_KEY("queue.running_max", CONF_INTEGER, background_max, "16", 1, 10000,
		 "Background answers at once in this process; the others wait."),
	CONF_KEY("queue.waits.first", CONF_DURATION, wait_first_ms, "60s", 10, 7 * CONF_DAY,
		 "A background answer whose tries failed waits so long, a tenth more or less."),
	CONF_KEY("queue.waits.second", CONF_DURATION, wait_second_ms, "10m", 10, 7 * CONF_DAY,
		 "… the second time."),
	CONF_KEY("queue.waits.third", CONF_DURATION, wait_third_ms, "1h", 10, 7 * CONF_DAY,
		 "… the third time."),
	CONF_KEY("queue.waits.fourth", CONF_DURATION, wait_fourth_ms, "24h", 10, 7 * CONF_DAY,
		 "… the fourth time. After it the answer is given up. No provider's Retry-After "
		 "counts for more."),
	CONF_KEY("queue.lifetime", CONF_DURATION, queue_lifetime_ms, "7d", 10, 365 * CONF_DAY,
		 "A background answer older than this is put off no more when a provider asks."),
	CONF_KEY("quick_tries.max", CONF_INTEGER, tries_max, "3", 1, 20,
		 "Tries of a provider before the first token."),
	CONF_KEY("quick_tries.within", CONF_DURATION, tries_within_ms, "10s", 0, CONF_HOUR,
		 "No further try begins after this time."),
	CONF_KEY("quick_tries.pause", CONF_DURATION, tries_pause_ms, "200ms", 0, CONF_HOUR,
		 "Pause before the second try, doubled before each further one."),
	CONF_KEY("provider_calls.connect_timeout", CONF_DURATION, connect_timeout_ms, "5s", 10,
		 CONF_HOUR, "To connect to a provider."),
	CONF_KEY("provider_calls.first_byte_timeout", CONF_DURATION, first_byte_timeout_ms, "60s",
		 10, CONF_HOUR, "Until the first token of an answer."),
	CONF_KEY("provider_calls.first_byte_timeout_local", CONF_DURATION,
		 first_byte_timeout_local_ms, "5m", 10, CONF_HOUR,
		 "… from a loopback or private address, where the model may have to be loaded "
		 "first."),
	CONF_KEY("provider_calls.discover_every", CONF_DURATION, discover_ms, "1m", 100, CONF_DAY,
		 "How often the models of a provider with `discover` are asked for."),
	CONF_KEY("model_groups.refresh", CONF_DURATION, groups_ms, "2s", 50, 5000,
		 "How often a replica looks whether the groups of models changed."),
	CONF_KEY("provider_calls.idle_timeout", CONF_DURATION, idle_timeout_ms, "60s", 10,
		 CONF_HOUR, "Between two pieces of an answer."),
	CONF_KEY("provider_calls.total_timeout", CONF_DURATION, total_timeout_ms, "15m", 10,
		 CONF_HOUR, "For a whole answer."),
	CONF_KEY("provider_calls.usage_wait", CONF_DURATION, usage_wait_ms, "2s", 0, CONF_HOUR,
		 "After the last word of an answer, for its usage and the end of the connection."),
	CONF_KEY("provider_calls.validate_timeout", CONF_DURATION, validate_ms, "5s", 10, CONF_HOUR,
		 "For one question that proves a provider's key."),
	CONF_KEY("provider_calls.validate_all_timeout", CONF_DURATION, validate_all_ms, "20s", 10,
		 CONF_HOUR,
		 "For the check of all keys of a provider by an administrator; no further key is "
		 "asked after it."),
	CONF_KEY("provider_calls.event_bytes_max", CONF_BYTES, event_bytes_max, "4MiB", 1024,
		 64 << 20,
		 "Of one event, or of an answer that comes in one piece; a longer one is passed "
		 "over."),
	CONF_KEY("provider_calls.vectors_bytes_max", CONF_BYTES, vectors_bytes_max, "16MiB",
		 1 << 20, 256 << 20,
		 "Of one answer with vectors, at 20 bytes a number. More inputs than fit are asked "
		 "for in several requests, one after another."),
	CONF_KEY("answer_bytes_max", CONF_BYTES, answer_bytes_max, "512KiB", 1024, 1 << 20,
		 "Text, reasoning and items of one answer; a longer one is stopped as LENGTH."),
	CONF_KEY("api.calls_per_user", CONF_INTEGER, calls_per_user, "100", 1, 100000,
		 "Answers to programs of one user at once, on all replicas; more are refused."),
	CONF_KEY("api.calls_per_key", CONF_INTEGER, calls_per_key, "50", 1, 100000,
		 "… of one API key."),
	CONF_KEY("api.body_bytes_max", CONF_BYTES, call_bytes_max, "32MiB", 1024, 32 << 20,
		 "Of a program's request, images included; a longer one is refused."),
	CONF_KEY("api.memory_per_user", CONF_BYTES, call_memory_per_user, "192MiB", 1 << 20,
		 1LL << 40,
		 "Bodies of one user's requests in this process, each twice while it is answered, "
		 "and the vectors that they ask for; more are refused."),
	CONF_KEY("api.memory_max", CONF_BYTES, call_memory_max, "768MiB", 1 << 20, 1LL << 40,
		 "… of all users; more are refused as overloaded."),
	CONF_KEY("api.levels_max", CONF_INTEGER, call_limits.levels, "128", 8, 1024,
		 "Nested objects and arrays of a program's request; more are refused, as below."),
	CONF_KEY("api.objects_max", CONF_INTEGER, call_limits.objects, "100000", 100, 10000000,
		 "Its objects; each takes some 200 bytes of memory while it is read."),
	CONF_KEY("api.elements_max", CONF_INTEGER, call_limits.elements, "500000", 100, 100000000,
		 "Members and elements of all its objects and arrays."),
	CONF_KEY("api.tools_max", CONF_INTEGER, call_limits.tools, "256", 0, 2000,
		 "Its tools. OpenAI itself takes 128."),
	CONF_KEY("api.tool_calls_max", CONF_INTEGER, tool_calls_max, "128", 1, 4096,
		 "Calls of tools in one answer; more are passed over."),
	CONF_KEY("api.stops_max", CONF_INTEGER, call_limits.stops, "16", 0, 1000,
		 "Texts that end its answer. OpenAI itself takes 4."),
	CONF_KEY("api.stop_bytes_max", CONF_BYTES, call_limits.stop_bytes, "1KiB", 1, 1 << 20,
		 "One of these texts."),
	CONF_KEY("api.echo_bytes_max", CONF_BYTES, call_limits.echo_bytes, "64KiB", 0, 1 << 20,
		 "One member of a request that an answer of /v1/responses repeats; a longer one is "
		 "left out."),
	CONF_KEY("api.inputs_max", CONF_INTEGER, call_limits.inputs, "2048", 1, 100000,
		 "Inputs of a request for embeddings. OpenAI itself takes 2,048."),
	CONF_KEY("api.vectors_bytes_max", CONF_BYTES, call_limits.vectors_bytes, "33MiB", 1024,
		 256 << 20,
		 "Of all vectors of an answer, as base64: 2,048 inputs of 3,072 numbers. An answer "
		 "holds so much of memory while it is written, and of the database until it is "
		 "deleted."),
	CONF_KEY("api.input_tokens_max", CONF_INTEGER, call_limits.input_tokens, "300000", 1,
		 100000000,
		 "Tokens of all these inputs, by our count. OpenAI itself takes 300,000."),
	CONF_KEY("api.keep", CONF_DURATION, call_kept_ms, "10m", 10, CONF_DAY,
		 "A program's answer is deleted when it ended so long ago; until then a repeat "
		 "gets it again."),
	CONF_KEY("bin.lifetime", CONF_DURATION, bin_lifetime_ms, "30d", 0, 3650 * CONF_DAY,
		 "Deleted chats are erased after this time."),
	CONF_KEY("bin.purge", CONF_DURATION, purge_ms, "1h", 10, CONF_DAY,
		 "Pause between two looks for chats to erase."),
	CONF_KEY("provider_keys.master_key", CONF_SECRET, master_key, "", 0, 0,
		 "Seals the keys that administrators add: at least 32 random bytes, as a file:. "
		 "Empty: none can be added."),
	CONF_KEY("provider_keys.master_key_previous", CONF_SECRET, master_key_previous, "", 0, 0,
		 "The old master_key after a change: it still opens, and rows are sealed anew. May "
		 "go when the log has no more provider_key_sealed_anew."),
	CONF_KEY("provider_keys.requests_per_minute", CONF_INTEGER, key_requests_per_minute, "10",
		 0, 100000, "Limit of a key that is added without one; 0: no limit."),
	CONF_KEY("provider_keys.sync", CONF_DURATION, key_sync_ms, "1s", 10, CONF_MINUTE,
		 "How often replicas look for keys that were added or changed, and for rests that "
		 "others noted."),
	CONF_KEY("provider_keys.reseal", CONF_DURATION, key_reseal_ms, "1m", 10, CONF_DAY,
		 "Pause between two looks for rows that the previous master key sealed."),
	CONF_KEY_LIVE("providers", CONF_ITEMS, providers,
		      "[{name: openrouter, base_url: \"" PROVIDER_OPENROUTER_URL
		      "\"}, {name: openai, base_url: \"" PROVIDER_OPENAI_URL
		      "\"}, {name: gemini, api: gemini}, {name: anthropic, api: anthropic}]",
		      0, PROVIDERS_MAX,
		      "Where models are, in the order in which they are tried. models.yaml says "
		      "under which "
		      "name of a provider it has a model."),
	CONF_KEY("events.poll", CONF_DURATION, events_poll_ms, "500ms", 10, CONF_HOUR,
		 "How often to look for events of users that another replica stored."),
	CONF_KEY("events.keep", CONF_DURATION, events_keep_ms, "24h", 10, 7 * CONF_DAY,
		 "How long events are kept for pages that come back."),
	CONF_KEY("events.streams_per_user", CONF_INTEGER, events_per_user, "20", 1, 10000,
		 "Streams of events of one user in this process; one more is refused."),
	ITEM("name", CONF_TEXT, name, NULL, 0, 0,
	     "A word of a-z, 0-9, - and _, at most 40 bytes, for models.yaml, logs, metrics and "
	     "the environment."),
	ITEM("api", CONF_TEXT, api, "openai", 0, 0,
	     "How it is spoken to. openai: OpenAI's chat completions, as OpenRouter, Ollama, "
	     "llama.cpp, vLLM and most others take them. demo: the stand-in."),
	ITEM("base_url", CONF_TEXT, base_url, "", 0, 0,
	     "Where its API is, up to what precedes /chat/completions; empty: not used."),
	ITEM("keys", CONF_SECRET, keys, "", 0, 0,
	     "Its keys, separated by commas; they take turns. Without one a server is asked "
	     "without "
	     "a key, and those of OpenRouter and OpenAI are not asked."),
	ITEM("proxy", CONF_SECRET, proxy, "", 0, 0,
	     "http://, https://, socks5:// or socks5h:// proxy on the way to it, with "
	     "user:password@ where it wants them."),
	ITEM("model", CONF_TEXT, model, "", 0, 0,
	     "Its name for every model that the catalogue gives no name there."),
	ITEM("discover", CONF_TEXT, discover, "auto", 0, 0,
	     "Whether its models are asked for (GET /models) and offered by the rule `discovered` "
	     "of the catalogue: true, false, or auto: when it has no `model` and is neither "
	     "OpenRouter, OpenAI nor the stand-in."),
	ITEM("limits.requests_per_minute", CONF_INTEGER, requests_per_minute, "0", 0, 100000,
	     "For one key, in any 60 seconds over all replicas; above 1,000 each replica counts "
	     "for itself. "
	     "0: no limit."),
};
const size_t chat_keys_n = ARRAY_SIZE(chat_keys);
