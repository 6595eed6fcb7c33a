/* The parts of the chat service, started and stopped. */
#include "chat/answer/life.h"
#include "chat/catalogue/current.h"
#include "chat/catalogue/discovery.h"
#include "chat/catalogue/groups.h"
#include "chat/catalogue/tokens.h"
#include "chat/chat.h"
#include "chat/conversation/purge.h"
#include "chat/events/events.h"
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
	struct tokens *tokens;
	struct outbox *outbox;
	struct jobs *jobs;
	struct discovery *discovery;
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

/* Providers and models, as the files are now. Running answers keep those that they began with. */
static enum status load_catalogue(struct service *service, struct error *reterr)
{
	const struct parts *parts = service->state;
	const struct chat_conf *conf = parts->chat.conf;
	_cleanup_(arena_freep) struct arena *arena = arena_new(16384, CATALOGUE_BYTES_MAX);
	struct provider_set *providers = arena_alloc(arena, sizeof *providers);
	struct catalogue *catalogue;
	enum status s;

	ensure(providers);
	s = provider_set_read(conf->providers, arena, providers, reterr);
	if (s == OK)
		s = catalogue_load(conf->models, TAKE_PTR(arena), providers, &catalogue, reterr);
	return s == OK ? discovery_take(parts->discovery, catalogue, reterr) : s;
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
		.tokens = parts->tokens,
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

static enum status start(struct service *service, struct error *reterr)
{
	const struct chat_conf *conf = (const struct chat_conf *)service->conf;
	const struct db_options worker = worker_options(service);
	struct parts *parts = service->state;
	const struct job all[] = {
		{
			.name = "purge_chats",
			.interval_ms = (int32_t)conf->purge_ms,
			.lease_ms = JOB_LEASE_MS,
			.run = chat_purge,
			.ctx = &parts->chat,
		},
		{
			.name = "purge_events",
			.interval_ms = (int32_t)conf->purge_ms,
			.lease_ms = JOB_LEASE_MS,
			.run = events_purge,
			.ctx = &parts->chat,
		},
	};
	enum status s;

	parts->chat.conf = conf;
	parts->chat.workers = db_pool_new(&worker);
	current_init(&parts->current);
	parts->chat.current = &parts->current;
	s = tokens_new(conf->token_tables, &parts->tokens, reterr);
	if (s != OK)
		return s;
	parts->discovery = discovery_start(parts->chat.workers, conf, &parts->current,
					   (int32_t)service->conf->database_wait_ms);
	s = load_catalogue(service, reterr);
	if (s == OK)
		s = groups_start(parts->chat.workers, (int32_t)conf->groups_ms,
				 (int32_t)service->conf->database_wait_ms, &parts->chat.groups,
				 reterr);
	if (s != OK)
		return s;
	parts->chat.events = events_start(conf, &worker);
	start_engine(service);
	parts->jobs = jobs_start(parts->chat.workers, all, ARRAY_SIZE(all));
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

	if (parts->jobs)
		jobs_stop(parts->jobs);
	feed_stop(parts->chat.events);
	life_stop(parts->chat.engine);
	if (parts->outbox)
		outbox_stop(parts->outbox);
	if (parts->chat.groups)
		groups_stop(parts->chat.groups);
	if (parts->discovery)
		discovery_stop(parts->discovery);
	feed_free(parts->chat.events);
	current_done(&parts->current);
	tokens_free(parts->tokens);
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
