/* The ledger service's process. */
#include "credits.h"

#include "runtime/jobs/jobs.h"

#define CONF_STRUCT struct credits_conf
#define SWEEP_LEASE_MS 60000
/* Workers that wait make the next batch of commands (command.c): the more they are, the more
 * commands share one commit and one lock. */
#define WORKERS "32"

static const struct conf_key credits_keys[] = {
	CONF_KEY_LIVE("gift.amount_microcredits", CONF_INTEGER, gift_microcredits, "100000000", 0,
		      AMOUNT_MICROCREDITS_MAX,
		      "Welcome gift, booked when a user is first seen; micro-credits, 0 for none."),
	CONF_KEY_LIVE("gift.lifetime", CONF_DURATION, gift_lifetime_ms, "0ms", 0, 3650 * CONF_DAY,
		      "The rest of the gift goes after this time; 0 for never."),
	CONF_KEY_LIVE("hold.lifetime_max", CONF_DURATION, hold_lifetime_max_ms, "24h", 1000,
		      30 * CONF_DAY,
		      "A hold expires after this time at the latest, whatever its caller asks."),
	CONF_KEY_LIVE("pay_as_you_go.limit_microcredits", CONF_INTEGER, limit_microcredits,
		      "1000000000", 0, AMOUNT_MICROCREDITS_MAX,
		      "How far below zero a new pay-as-you-go user may go; micro-credits, 0: not "
		      "offered."),
	CONF_KEY_LIVE("pay_as_you_go.purchases_min", CONF_INTEGER, purchases_min, "0", 0, 1000,
		      "Purchases that a user must have made before; 1 keeps strangers from "
		      "spending on credit."),
	CONF_KEY_LIVE("budgets_max", CONF_INTEGER, budgets_max, "1000", 1, 100000,
		      "Budgets of API keys and projects that one user may have."),
	CONF_KEY_LIVE("vouchers.tries_per_user", CONF_INTEGER, voucher_tries_user, "10", 1, 1000,
		      "Codes that do not count which one user may try in an hour."),
	CONF_KEY_LIVE("vouchers.tries_per_address", CONF_INTEGER, voucher_tries_address, "100", 1,
		      100000,
		      "Codes that do not count which may be tried from one address in an hour; "
		      "IPv6: from one /64."),
	CONF_KEY(
		"events", CONF_TEXT, events, "", 0, 0,
		"Key of backends whose server has events.v1: users' pages hear of budgets that are "
		"nearly used. Empty: they do not."),
	CONF_KEY("sweep.interval", CONF_DURATION, sweep_interval_ms, "5s", 10, CONF_DAY,
		 "Pause between two looks for holds and gifts whose time is over."),
	CONF_KEY_LIVE("sweep.batch", CONF_INTEGER, sweep_holds_max, "500", 1, 10000,
		      "Holds that one look takes at once."),
	CONF_KEY("verify.interval", CONF_DURATION, verify_interval_ms, "24h", 100, 30 * CONF_DAY,
		 "Pause between two looks at all invariants of the ledger."),
	CONF_KEY("verify.timeout", CONF_DURATION, verify_timeout_ms, "30m", 1000, CONF_DAY,
		 "Longest time that such a look may take."),
};

static enum status start(struct service *service, struct error *reterr)
{
	const struct credits_conf *conf = (const struct credits_conf *)service->conf;
	struct credits *credits = service->state;
	const struct job sweeps[] = {
		/* the last one only where events go somewhere */
		{
			.name = "expire_holds",
			.interval_ms = (int32_t)conf->sweep_interval_ms,
			.lease_ms = SWEEP_LEASE_MS,
			.run = credits_expire_holds,
			.ctx = credits,
		},
		{
			.name = "expire_gifts",
			.interval_ms = (int32_t)conf->sweep_interval_ms,
			.lease_ms = SWEEP_LEASE_MS,
			.run = credits_expire_gifts,
			.ctx = credits,
		},
		{
			.name = "forget_tries",
			.interval_ms = (int32_t)conf->sweep_interval_ms,
			.lease_ms = SWEEP_LEASE_MS,
			.run = credits_forget_tries,
			.ctx = credits,
		},
		{
			.name = "publish_alerts",
			.interval_ms = (int32_t)conf->sweep_interval_ms,
			.lease_ms = SWEEP_LEASE_MS,
			.run = credits_publish_alerts,
			.ctx = credits,
		},
	};
	const struct job verify = {
		.name = "verify",
		.interval_ms = (int32_t)conf->verify_interval_ms,
		.lease_ms = (int32_t)conf->verify_timeout_ms,
		.run = credits_verify,
		.ctx = credits,
	};
	struct db_options slow = service->db, leaders = service->db;

	credits->conf = conf;
	leaders.connections_max = CREDITS_LEADERS_MAX;
	credits->leader_pool = db_pool_new(&leaders);
	credits->sweep_pool = db_pool_new(&service->db);
	if (*conf->events)
		credits->events = service->channel(service, conf->events);
	credits->sweep_jobs = jobs_start(credits->sweep_pool, sweeps,
					 ARRAY_SIZE(sweeps) - (credits->events ? 0 : 1));
	/* It reads every transfer, so it has a thread and a time limit of its own. */
	slow.statement_timeout_ms = (int32_t)conf->verify_timeout_ms;
	credits->verify_pool = db_pool_new(&slow);
	credits->verify_jobs = jobs_start(credits->verify_pool, &verify, 1);
	return OK;
}

static void stop(struct service *service)
{
	struct credits *credits = service->state;

	jobs_stop(credits->verify_jobs);
	db_pool_free(credits->verify_pool);
	jobs_stop(credits->sweep_jobs);
	db_pool_free(credits->sweep_pool);
	db_pool_free(credits->leader_pool);
}

int main(int argc, char **argv)
{
	static const struct rpc_handler *const handlers[] = {credits_v1_handlers, NULL};
	static const size_t *const n_handlers[] = {&credits_v1_handlers_n};
	struct credits credits = {.queue = CREDITS_QUEUE_INIT};

	return service_main(
		&(struct service_spec){
			.name = "credits",
			.schema_version = SQL_CREDITS_SCHEMA,
			.keys = credits_keys,
			.n_keys = ARRAY_SIZE(credits_keys),
			.conf_size = sizeof(struct credits_conf),
			.state = &credits,
			.workers = WORKERS,
			.statements = sql_credits_all,
			.handlers = handlers,
			.n_handlers = n_handlers,
			.start = start,
			.stop = stop,
		},
		argc, argv);
}
