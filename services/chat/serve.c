/* The parts of the chat service, started and stopped. */
#include "chat/answer/engine.h"
#include "chat/answer/life.h"
#include "chat/api/purge.h"
#include "chat/catalogue/current.h"
#include "chat/catalogue/discovery.h"
#include "chat/catalogue/groups.h"
#include "chat/catalogue/tokens.h"
#include "chat/chat.h"
#include "chat/conversation/purge.h"
#include "chat/events/events.h"
#include "chat/key/book.h"
#include "chat/project/project.h"
#include "chat/search/gate.h"
#include "chat/search/index.h"
#include "chat/template/template.h"
#include "chat/transfer/export.h"
#include "chat/transfer/import.h"
#include "chat/usage/rollup.h"
#include "credits/v1/rpc.h"
#include "events/v1/rpc.h"
#include "runtime/base/ensure.h"
#include "runtime/jobs/jobs.h"
#include "runtime/outbox/outbox.h"

#ifdef LIMITLESS_STRICT /* builds with a sanitizer, on which tests run */
#define STRICT true
#else
#define STRICT false
#endif
#define JOB_LEASE_MS 60000
#define CATALOGUE_BYTES_MAX (256u << 20) /* a ring of requests_per_minute for each key, too */

/* All that the process has. */
struct parts {
	struct chat chat; /* first: what handlers find */
	struct current current;
	struct outbox *outbox;
	struct jobs *jobs;
	struct db_pool *rollup_pool;
	struct jobs *rollup;
	struct search_gate search_gate;
	struct search_index *search_index;
	struct discovery *discovery;
	struct vault vault;
	struct book *book;
	int32_t wait_ms;      /* for a connection */
	pthread_mutex_t load; /* held while providers and models are read; guards models */
	char *models;         /* text of the file, as the operator last had it read */
	uint64_t keys;        /* fingerprint of the added keys that were read last */
};

static struct rpc_channel *dial(void *ctx, const char *endpoint)
{
	struct service *service = ctx;

	return service->dial(service, "chat", endpoint);
}

static struct db_options worker_options(const struct service *service)
{
	struct db_options options = service->db;

	options.dsn = ((const struct chat_conf *)service->conf)->database_worker_dsn;
	return options;
}

static enum status load_list_prices(const struct chat_conf *conf, struct catalogue *catalogue,
				    struct error *reterr)
{
	double credits;

	if (!*conf->list_prices)
		return OK;
	if (!list_number_read(conf->list_credits, LIST_CREDITS_PER_UNIT_MAX, &credits) ||
	    credits <= 0)
		return error_set(reterr, INVALID_ARGUMENT, "config_invalid",
				 "list_prices.credits_per_unit: must be a decimal above 0: the "
				 "credits that one unit of the currency buys");
	return list_prices_load(conf->list_prices, credits, catalogue->arena, &catalogue->list,
				reterr);
}

static void id_of(const void *ctx, const char *provider, const char *secret, char out[UUID_SIZE])
{
	vault_id(ctx, provider, secret, out);
}

/* anew: an operator wants it, so refused keys of chat.yaml may be tried again. */
static enum status read_providers(struct parts *parts, bool anew, struct arena *arena,
				  struct provider_set *ret, struct error *reterr)
{
	_cleanup_(book_keys_done) struct book_keys keys = {0};
	struct provider_source source = {.id_of = id_of, .ctx = &parts->vault};
	struct db *db;
	enum status s = db_pool_take(parts->chat.workers, parts->wait_ms, &db, reterr);

	if (s != OK)
		return s;
	s = book_read(db, &parts->vault, &keys, reterr);
	source.secrets = keys.secrets;
	source.n_secrets = keys.n;
	parts->keys = keys.fingerprint;
	if (s == OK)
		s = provider_set_read(parts->chat.conf->providers, &source, arena, ret, reterr);
	if (s == OK)
		s = book_see(db, ret, anew, reterr);
	db_pool_give(parts->chat.workers, db);
	return s;
}

/* Providers as chat.yaml was read last, with the keys of the table now, and models. Running answers
 * keep those that they began with. anew: the file of models is read. */
static enum status load(struct parts *parts, bool anew, struct error *reterr)
{
	_cleanup_(freep) char *text = NULL;
	const struct chat_conf *conf = parts->chat.conf;
	_cleanup_(arena_freep) struct arena *arena = arena_new(16384, CATALOGUE_BYTES_MAX);
	struct provider_set *providers = arena_zalloc(arena, sizeof *providers);
	_cleanup_(catalogue_unrefp) struct catalogue *catalogue = NULL;
	enum status s;

	ensure(providers);
	s = anew ? catalogue_text(conf->models, &text, reterr) : OK;
	if (s == OK)
		s = read_providers(parts, anew, arena, providers, reterr);
	if (s != OK) {
		provider_set_wipe(providers);
		return s;
	}
	s = catalogue_read(conf->models, text ? text : parts->models, TAKE_PTR(arena), providers,
			   &catalogue, reterr);
	if (s == OK)
		s = load_list_prices(conf, catalogue, reterr);
	if (s == OK)
		s = discovery_take(parts->discovery, TAKE_PTR(catalogue), reterr);
	if (s == OK && text) {
		free(parts->models);
		parts->models = TAKE_PTR(text);
	}
	return s;
}

static enum status load_catalogue(struct service *service, struct error *reterr)
{
	struct parts *parts = service->state;
	enum status s;

	pthread_mutex_lock(&parts->load);
	s = load(parts, true, reterr);
	pthread_mutex_unlock(&parts->load);
	return s;
}

static enum status load_for_book(void *ctx, struct error *reterr)
{
	struct parts *parts = ctx;
	enum status s;

	pthread_mutex_lock(&parts->load);
	s = load(parts, false, reterr);
	pthread_mutex_unlock(&parts->load);
	return s;
}

static void post_for_book(void *ctx, void (*fn)(void *arg), void *arg)
{
	const struct parts *parts = ctx;

	engine_post(parts->chat.engine, fn, arg);
}

/* Reads what names and opens keys, before the first catalogue. */
static enum status start_keys(struct parts *parts, const struct chat_conf *conf,
			      struct error *reterr)
{
	struct db *db;
	enum status s = db_pool_take(parts->chat.workers, parts->wait_ms, &db, reterr);

	if (s != OK)
		return s;
	s = vault_init(&parts->vault, conf, db, reterr);
	db_pool_give(parts->chat.workers, db);
	parts->chat.vault = &parts->vault;
	return s;
}

static void start_book(struct parts *parts, const struct chat_conf *conf)
{
	parts->book = book_start(&(struct book_options){
		.pool = parts->chat.workers,
		.vault = &parts->vault,
		.current = &parts->current,
		.wait_ms = parts->wait_ms,
		.sync_ms = (int32_t)conf->key_sync_ms,
		.load = load_for_book,
		.post = post_for_book,
		.ctx = parts,
		.loaded = parts->keys,
	});
}

static void start_engine(struct service *service)
{
	struct rpc_channel *credits = service->channel(service, "credits");
	struct parts *parts = service->state;
	struct chat *chat = &parts->chat;
	const struct outbox_target targets[] = {
		{&credits_v1_settle_method, credits},
		{&credits_v1_void_hold_method, credits},
	};

	parts->outbox = outbox_start(&(struct outbox_options){
		.pool = parts->chat.workers, .targets = targets, .n_targets = ARRAY_SIZE(targets)});
	chat->engine = life_start(&(struct engine_options){
		.conf = chat->conf,
		.current = chat->current,
		.tokens = parts->chat.tokens,
		.groups = chat->groups,
		.endpoint =
			*chat->conf->advertise ? chat->conf->advertise : service->conf->listen[0],
		.app = service->db,
		.worker = worker_options(service),
		.credits = credits,
		.outbox = parts->outbox,
		.events = chat->events,
		.dial = dial,
		.dial_ctx = service,
		.strict = STRICT,
	});
}

static struct job imports_job(struct chat *chat, const struct chat_conf *conf)
{
	return (struct job){
		.name = "purge_imports",
		.interval_ms = (int32_t)conf->purge_ms,
		.lease_ms = JOB_LEASE_MS,
		.run = imports_purge,
		.ctx = chat,
	};
}

static void start_transfer(const struct service *service)
{
	struct parts *parts = service->state;
	struct chat *chat = &parts->chat;

	chat->imports = imports_start(chat->conf, chat->workers, &service->db, chat->tokens);
	chat->exports = exports_start(chat->conf, &service->db);
}

/* It may read all usage, so it has a thread and a time limit of its own. */
static void start_rollup(struct parts *parts, const struct chat_conf *conf,
			 const struct db_options *worker)
{
	struct db_options slow = *worker;
	const struct job rollup = {
		.name = "roll_usage_up",
		.interval_ms = (int32_t)conf->usage_rollup_ms,
		.lease_ms = (int32_t)conf->usage_rollup_timeout_ms,
		.run = usage_roll_up,
	};

	slow.statement_timeout_ms = (int32_t)conf->usage_rollup_timeout_ms;
	parts->rollup_pool = db_pool_new(&slow);
	parts->rollup = jobs_start(parts->rollup_pool, &rollup, 1);
}

/* Chats, projects and templates that lay in the bin long enough. */
static enum status purge_bin(struct db *db, void *ctx, struct error *reterr)
{
	enum status s = chat_purge(db, ctx, reterr);

	if (s == OK)
		s = project_purge(db, ctx, reterr);
	return s == OK ? template_purge(db, ctx, reterr) : s;
}

static void start_search(struct parts *parts, const struct chat_conf *conf)
{
	pthread_mutex_init(&parts->search_gate.lock, NULL);
	parts->chat.search_gate = &parts->search_gate;
	parts->search_index = search_index_start(parts->chat.workers, conf);
}

/* Programs meet api.calls_per_user, which says what to do, and not the limit of streams. */
static enum status check_streams(const struct chat_conf *conf, struct error *reterr)
{
	if (conf->service.user_streams_max >= conf->calls_per_user &&
	    conf->service.session_streams_max >= conf->calls_per_user)
		return OK;
	return error_set(reterr, INVALID_ARGUMENT, "config_invalid",
			 "user_streams_max, session_streams_max: must not be below "
			 "api.calls_per_user (%lld), for each call is a stream",
			 (long long)conf->calls_per_user);
}

static enum status start(struct service *service, struct error *reterr)
{
	const struct chat_conf *conf = (const struct chat_conf *)service->conf;
	const struct db_options worker = worker_options(service);
	struct parts *parts = service->state;
	const struct job all[] = {
		{
			.name = "purge_bin",
			.interval_ms = (int32_t)conf->purge_ms,
			.lease_ms = JOB_LEASE_MS,
			.run = purge_bin,
			.ctx = &parts->chat,
		},
		{
			.name = "purge_events",
			.interval_ms = (int32_t)conf->purge_ms,
			.lease_ms = JOB_LEASE_MS,
			.run = events_purge,
			.ctx = &parts->chat,
		},
		{
			.name = "reseal_provider_keys",
			.interval_ms = (int32_t)conf->key_reseal_ms,
			.lease_ms = JOB_LEASE_MS,
			.run = vault_reseal,
			.ctx = &parts->vault,
		},
		imports_job(&parts->chat, conf),
		{
			.name = "purge_calls",
			.interval_ms = (int32_t)call_purge_pause_ms(conf->call_kept_ms),
			.lease_ms = JOB_LEASE_MS,
			.run = call_purge,
			.ctx = &parts->chat,
		},
	};
	enum status s;

	s = check_streams(conf, reterr);
	if (s != OK)
		return s;
	parts->chat.conf = conf;
	parts->wait_ms = (int32_t)service->conf->database_wait_ms;
	pthread_mutex_init(&parts->load, NULL);
	parts->chat.workers = db_pool_new(&worker);
	current_init(&parts->current);
	parts->chat.current = &parts->current;
	s = tokens_new(conf->token_tables, &parts->chat.tokens, reterr);
	if (s != OK)
		return s;
	parts->discovery = discovery_start(parts->chat.workers, conf, &parts->current,
					   (int32_t)service->conf->database_wait_ms);
	s = start_keys(parts, conf, reterr);
	if (s == OK)
		s = load_catalogue(service, reterr);
	if (s == OK)
		s = groups_start(parts->chat.workers, (int32_t)conf->groups_ms, parts->wait_ms,
				 &parts->chat.groups, reterr);
	if (s != OK)
		return s;
	parts->chat.events = events_start(conf, &worker);
	start_engine(service);
	start_book(parts, conf);
	start_transfer(service);
	parts->jobs = jobs_start(parts->chat.workers, all, ARRAY_SIZE(all));
	start_rollup(parts, conf, &worker);
	start_search(parts, conf);
	return OK;
}

static void drain(struct service *service)
{
	const struct parts *parts = service->state;

	life_drain(parts->chat.engine);
}

static void stop(struct service *service)
{
	struct parts *parts = service->state;

	if (parts->rollup) {
		jobs_stop(parts->rollup);
		db_pool_free(parts->rollup_pool);
	}
	if (parts->search_index)
		search_index_stop(parts->search_index);
	if (parts->jobs)
		jobs_stop(parts->jobs);
	imports_stop(parts->chat.imports);
	exports_stop(parts->chat.exports);
	feed_stop(parts->chat.events);
	if (parts->book)
		book_stop(parts->book);
	life_stop(parts->chat.engine);
	if (parts->outbox)
		outbox_stop(parts->outbox);
	if (parts->chat.groups)
		groups_stop(parts->chat.groups);
	if (parts->discovery)
		discovery_stop(parts->discovery);
	feed_free(parts->chat.events);
	current_done(&parts->current);
	tokens_free(parts->chat.tokens);
	pthread_mutex_destroy(&parts->load);
	pthread_mutex_destroy(&parts->search_gate.lock);
	explicit_bzero(&parts->vault, sizeof parts->vault);
	free(parts->models);
	db_pool_free(parts->chat.workers);
}

int chat_serve(int argc, char **argv)
{
	static const struct rpc_handler *const handlers[] = {chat_v1_handlers, events_v1_handlers,
							     NULL};
	static const size_t *const n_handlers[] = {&chat_v1_handlers_n, &events_v1_handlers_n};
	struct parts parts = {0};

	return service_main(
		&(struct service_spec){
			.name = "chat",
			.schema_version = SQL_CHAT_SCHEMA,
			.keys = chat_keys,
			.n_keys = chat_keys_n,
			.message_bytes_max = "33MiB", /* an API request has 32 */
			/* Repeats of as many calls as a user may have, and pages. */
			.user_streams_max = "512",
			.session_streams_max = "512",
			.conf_size = sizeof(struct chat_conf),
			.state = &parts.chat,
			.statements = sql_chat_all,
			.handlers = handlers,
			.n_handlers = n_handlers,
			.start = start,
			.stop = stop,
			.drain = drain,
			.reload = load_catalogue,
		},
		argc, argv);
}
