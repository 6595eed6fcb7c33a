/* The payments service's process. */
#include "credits/v1/rpc.h"
#include "payments/payments.h"
#include "payments/stripe.h"
#include "runtime/jobs/jobs.h"
#include "runtime/outbox/outbox.h"

#define LEASE_MS (15 * 60 * 1000) /* longer than a run over all of Stripe's lists */
#define PURGE_INTERVAL_MS (3600 * 1000)

static struct db_pool *pool;
static struct jobs *jobs;
static struct outbox *outbox;

void payments_wake(void)
{
	outbox_wake(outbox);
}

/* At start and at SIGHUP: a catalogue that cannot be read leaves the one before in force. */
static enum status load(struct service *service, struct error *reterr)
{
	const struct payments_conf *conf = (const struct payments_conf *)service->conf;
	const struct packages *packages;
	enum status s = packages_read(conf->packages_file, service->arena, &packages, reterr);

	if (s == OK)
		packages_publish(packages);
	return s;
}

static enum status start(struct service *service, struct error *reterr)
{
	const struct payments_conf *conf = (const struct payments_conf *)service->conf;
	enum status s = payments_configure(conf, service->arena, reterr);

	if (s == OK)
		s = load(service, reterr);
	if (s != OK)
		return s;

	struct rpc_channel *credits = service->channel(service, "credits");
	const struct outbox_target targets[] = {
		{&credits_v1_book_payment_method, credits},
		{&credits_v1_reverse_payment_method, credits},
		{&credits_v1_suspend_user_method, credits},
	};
	const struct job all[] = {
		{
			.name = "reconcile",
			.interval_ms = (int32_t)conf->reconcile_interval_ms,
			.lease_ms = LEASE_MS,
			.run = payments_reconcile,
		},
		{
			.name = "invoice",
			.interval_ms = (int32_t)conf->invoice_interval_ms,
			.lease_ms = LEASE_MS,
			.run = payments_invoice,
			.ctx = credits,
		},
		{
			.name = "purge_events",
			.interval_ms = PURGE_INTERVAL_MS,
			.lease_ms = LEASE_MS,
			.run = payments_purge,
		},
	};
	stripe_start();
	pool = db_pool_new(&service->db);
	outbox = outbox_start(&(struct outbox_options){
		.pool = pool,
		.targets = targets,
		.n_targets = ARRAY_SIZE(targets),
	});
	jobs = jobs_start(pool, all, ARRAY_SIZE(all));
	return OK;
}

static void stop(struct service *service)
{
	if (jobs)
		jobs_stop(jobs);
	if (outbox)
		outbox_stop(outbox);
	if (pool)
		db_pool_free(pool);
	stripe_stop();
}

int main(int argc, char **argv)
{
	static const struct rpc_handler *const handlers[] = {payments_v1_handlers, NULL};
	static const size_t *const n_handlers[] = {&payments_v1_handlers_n};

	return service_main(
		&(struct service_spec){
			.name = "payments",
			.schema_version = SQL_PAYMENTS_SCHEMA,
			.keys = payments_keys,
			.n_keys = payments_keys_n,
			.conf_size = sizeof(struct payments_conf),
			.statements = sql_payments_all,
			.handlers = handlers,
			.n_handlers = n_handlers,
			.start = start,
			.stop = stop,
			.reload = load,
		},
		argc, argv);
}
