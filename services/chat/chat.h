/* The state and the configuration of the chat service. */
#ifndef CHAT_CHAT_H
#define CHAT_CHAT_H

#include "chat/api_limits.h"
#include "chat/v1/rpc.h"
#include "runtime/db/db.h"
#include "runtime/service/service.h"
#include "sql/chat.h"

#include <stdatomic.h>

#define MODEL_BYTES_MAX 100
#define TITLE_BYTES_MAX 200
#define TEXT_BYTES_MAX 262144
#define CHAT_WORKER_WAIT_MS 2000 /* for a connection of chat_worker */

struct provider_conf;

struct chat_conf {
	struct service_conf service; /* first */
	const char *database_worker_dsn;
	const char *models;       /* file of the catalogue */
	const char *list_prices;  /* file; "": none */
	const char *list_credits; /* decimal */
	int64_t usage_days_max;
	int64_t usage_csv_rows;
	int64_t usage_model_days;
	int64_t usage_rollup_ms, usage_rollup_timeout_ms;
	const char *token_tables; /* file */
	int64_t learn_ms;
	const char *advertise;
	int64_t engine_workers;
	int64_t generations_max;
	int64_t generations_per_user;
	int64_t generations_reserved; /* percent */
	int64_t siblings_max;
	int64_t chat_messages_max;
	int64_t user_chats_max;
	int64_t change_chats_max;
	int64_t user_bytes_max;
	int64_t user_templates_max, user_public_max, public_templates_max;
	int64_t template_variables_max, rendered_bytes_max;
	int64_t user_projects_max, project_prompts_max, project_bytes_max;
	int64_t shares_per_user, share_messages_max;
	int64_t share_bytes_max, share_bytes_per_user;
	int64_t lease_ms;
	int64_t checkpoint_ms;
	int64_t sweep_ms;
	int64_t follow_ms;
	int64_t watch_stall_ms;
	int64_t hold_margin_ms;
	int64_t lost_max;
	int64_t background_max;
	int64_t wait_first_ms, wait_second_ms, wait_third_ms, wait_fourth_ms;
	int64_t queue_lifetime_ms;
	int64_t tries_max;
	int64_t tries_within_ms;
	int64_t tries_pause_ms;
	int64_t connect_timeout_ms;
	int64_t first_byte_timeout_ms;
	int64_t first_byte_timeout_local_ms;
	int64_t discover_ms;
	int64_t groups_ms;
	int64_t idle_timeout_ms;
	int64_t total_timeout_ms;
	int64_t usage_wait_ms;
	int64_t validate_ms;
	int64_t validate_all_ms;
	int64_t event_bytes_max;
	int64_t vectors_bytes_max;
	int64_t answer_bytes_max;
	int64_t draft_bytes_max, drafts_per_user;
	const char *title_model; /* "": none */
	int64_t title_timeout_ms, titles_max, titles_per_user;
	int64_t calls_per_user, calls_per_key; /* of programs */
	int64_t call_bytes_max;
	int64_t call_memory_per_user, call_memory_max;
	struct api_limits call_limits;
	int64_t tool_calls_max; /* of one answer */
	int64_t call_kept_ms;
	int64_t search_query_bytes, search_terms_max, search_page_max, search_per_user;
	int64_t search_ranked, search_titles_max, search_time_ms;
	int64_t search_words_max, search_index_ms;
	int64_t bin_lifetime_ms;
	int64_t purge_ms;
	int64_t imports_per_user, imports_kept, imports_bytes_max, import_bytes_max;
	int64_t import_chat_bytes_max, import_chats_max;
	int64_t import_unpacked_bytes_max, import_unpack_ratio_max, import_zip_files_max;
	int64_t import_lease_ms, import_slice_ms, import_idle_ms, import_keep_ms;
	int64_t exports_per_user;
	int64_t events_poll_ms, events_keep_ms, events_per_user;
	const struct provider_conf *const *providers;
	const char *master_key, *master_key_previous; /* "": none */
	int64_t key_requests_per_minute;              /* of a key that is added without a limit */
	int64_t key_sync_ms;
	int64_t key_reseal_ms;
};

struct current;
struct feed;
struct groups;
struct tokens;
struct engine;
struct exports;
struct imports;
struct search_gate;
struct vault;

/* The state of the service, set before the first handler runs. */
struct chat {
	const struct chat_conf *conf;
	struct current *current; /* the catalogue */
	struct groups *groups;   /* who may use which model */
	struct tokens *tokens;   /* the counter */
	struct feed *events;     /* of users, to their pages */
	struct engine *engine;
	struct search_gate *search_gate;
	struct db_pool *workers;     /* connections of chat_worker */
	_Atomic uint32_t validating; /* bits: providers that validate_provider asks now */
	const struct vault *vault;
	struct imports *imports; /* the reader of files with chats */
	struct exports *exports; /* … and their writer */
};

/* In handlers. */
static inline struct chat *chat_of(const struct rpc_call *call)
{
	return call->state;
}

/* A connection of chat_worker for a handler of operators, who see all users' rows. Give it back.
 * errors: those of db. */
_must_check_ static inline enum status chat_worker_take(struct rpc_call *call, struct db **ret)
{
	return db_pool_take(chat_of(call)->workers, CHAT_WORKER_WAIT_MS, ret, &call->err);
}
static inline void chat_worker_give(struct rpc_call *call, struct db *db)
{
	db_pool_give(chat_of(call)->workers, db);
}

extern const struct conf_key chat_keys[];
extern const size_t chat_keys_n;

/* The service's main(); the tests start it, too. */
int chat_serve(int argc, char **argv);

#endif
