#include "gateway/gateway.h"

static enum status check(const void *conf, struct error *reterr)
{
	int64_t entries = ((const struct gateway_conf *)conf)->token_cache_entries;

	if (entries & (entries - 1))
		return error_set(reterr, INVALID_ARGUMENT, "config_invalid",
				 "token_cache_entries: is not a power of two");
	return OK;
}

static enum status start(struct process *process, void *ctx, struct error *reterr)
{
	return gateway_start(process->conf, ctx, reterr);
}

static bool ready(const char **ret_why, void *ctx)
{
	struct gateway *const *gateway = ctx;

	return gateway_ready(*gateway, ret_why);
}

static enum status take(const void *fresh, void *ctx, struct error *reterr)
{
	struct gateway **gateway = ctx;

	return gateway_reload(*gateway, fresh, reterr);
}

static void stop(void *ctx)
{
	struct gateway **gateway = ctx;

	gateway_stop(*gateway);
}

int main(int argc, char **argv)
{
	struct gateway *gateway = NULL;
	const struct process_spec spec = {
		.name = "gateway",
		.keys = gateway_keys,
		.n_keys = gateway_keys_n,
		.conf_size = sizeof(struct gateway_conf),
		.ctx = &gateway,
		.check = check,
		.start = start,
		.ready = ready,
		.take = take,
		.stop = stop,
	};

	return process_main(&spec, argc, argv);
}
