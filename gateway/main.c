/* The process of the gateway: configuration, channels, listeners, and their end in the reverse
 * order. */
#include "gateway/gateway.h"
#include "runtime/base/ensure.h"
#include "runtime/log/log.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define ARENA_CHUNK_BYTES (16 * 1024)
#define ARENA_BYTES_MAX (16 * 1024 * 1024)

struct process {
	const char *config; /* file; NULL: environment and defaults */
	struct gateway_conf conf;
	struct gateway gateway;
	struct arena *arena;
	struct httpd *httpd, *admin;
};

static const int handled[] = {SIGTERM, SIGINT, SIGHUP};

/* Blocked in every thread, so that only sigwait takes them: before the first thread. */
static sigset_t block_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(handled); i++)
		sigaddset(&set, handled[i]);
	ensure(pthread_sigmask(SIG_BLOCK, &set, NULL) == 0);
	signal(SIGPIPE, SIG_IGN);
	return set;
}

static enum status load(const struct process *p, struct gateway_conf *ret, struct error *reterr)
{
	enum log_level level;
	enum status s = conf_load(p->config, "GATEWAY", gateway_keys, gateway_keys_n, p->arena, ret,
				  reterr);

	if (s != OK)
		return s;
	if (!log_level_parse(ret->log_level, &level))
		return error_set(reterr, INVALID_ARGUMENT, "config_invalid",
				 "log_level: '%s' is none of debug, info, warn, error",
				 ret->log_level);
	log_set_level(level);
	if (ret->token_cache_entries & (ret->token_cache_entries - 1))
		return error_set(reterr, INVALID_ARGUMENT, "config_invalid",
				 "token_cache_entries: is not a power of two");
	return OK;
}

/* Scheme and authority of public_url, which must have nothing else. */
static enum status take_public_url(struct process *p, struct error *reterr)
{
	const char *url = p->conf.public_url;
	size_t len = strlen(url);

	p->gateway.secure = strncmp(url, "https://", 8) == 0;
	if (!p->gateway.secure && strncmp(url, "http://", 7) != 0)
		return error_set(reterr, INVALID_ARGUMENT, "config_invalid",
				 "public_url: '%s' begins with neither http:// nor https://", url);
	if (url[len - 1] == '/')
		len--;
	p->gateway.origins.public_origin = arena_strndup(p->arena, url, len);
	if (strchr(strstr(p->gateway.origins.public_origin, "://") + 3, '/'))
		return error_set(reterr, INVALID_ARGUMENT, "config_invalid",
				 "public_url: '%s' has a path", url);
	p->gateway.origins.allowed = p->conf.cors_origins;
	return OK;
}

/* Nothing from elsewhere, no inline code, in nobody's frame. */
static const char *page_policy(struct arena *arena, const char *files_url)
{
	const char *files = *files_url ? arena_printf(arena, " %s", files_url) : "";

	return arena_printf(
		arena,
		"default-src 'self'; img-src 'self' data: blob:%s; connect-src 'self'%s; "
		"object-src 'none'; base-uri 'none'; form-action 'self'; "
		"frame-ancestors 'none'",
		files, files);
}

static bool is_ready(const char **ret_why, void *ctx)
{
	const struct process *p = ctx;

	*ret_why = "draining\n";
	if (!p->httpd || p->gateway.draining)
		return false;
	*ret_why = "keys and ended sessions are not known\n";
	return authn_ready(p->gateway.authn);
}

static enum status listen_public(struct process *p, struct error *reterr)
{
	const struct gateway_conf *conf = &p->conf;
	const struct httpd_options options = {
		.listen = conf->listen,
		.handle = handle_request,
		.refuse = handle_refusal,
		.body_max = handle_body_max,
		.ctx = &p->gateway,
		.connections_max = (int32_t)conf->connections_max,
		.head_bytes_max = (size_t)conf->head_bytes_max,
		.headers_max = (int32_t)conf->headers_max,
		.url_bytes_max = (size_t)conf->url_bytes_max,
		.body_bytes_max = (size_t)conf->body_bytes_max,
		.request_arena_bytes = (size_t)(2 * conf->message_bytes_max + (1 << 20)),
		.head_timeout_ms = (int32_t)conf->head_timeout_ms,
		.body_rate_min = (int32_t)conf->body_rate_min,
		.idle_timeout_ms = (int32_t)conf->idle_timeout_ms,
		.send_timeout_ms = (int32_t)conf->send_timeout_ms,
		.stream_queue_bytes = (size_t)conf->stream_queue_bytes,
	};

	return httpd_start(&options, &p->httpd, reterr);
}

static enum status start(struct process *p, struct error *reterr)
{
	const struct gateway_conf *conf = &p->conf;
	struct gateway *gateway = &p->gateway;
	const struct httpd_admin_options admin = {conf->admin_listen, is_ready, p};
	struct authn_options authn = {
		.audience = conf->token_audience,
		.keys_refresh_ms = (int32_t)conf->keys_refresh_ms,
		.cache_entries = (int32_t)conf->token_cache_entries,
		.feed_stale_ms = (int32_t)conf->feed_stale_ms,
		.feed_lost_ms = (int32_t)conf->feed_lost_ms,
		.session_ended = streams_end_session,
		.ctx = gateway,
	};
	enum status s;

	gateway->conf = conf;
	gateway->docs = docs_page(p->arena);
	gateway->page_policy = page_policy(p->arena, conf->files_url);
	gateway->streams = streams_new();
	report_init();
	s = take_public_url(p, reterr);
	if (s == OK && *conf->web_root)
		s = site_open(conf->web_root, &gateway->site, reterr);
	if (s == OK)
		s = backends_open(conf, &gateway->backends, reterr);
	if (s != OK)
		return s;
	authn.edge = backends_of_package(gateway->backends, conf->edge);
	gateway->authn = authn_new(&authn);
	s = listen_public(p, reterr);
	if (s == OK)
		s = httpd_admin_start(&admin, &p->admin, reterr);
	return s;
}

static void stop(struct process *p)
{
	struct gateway *gateway = &p->gateway;

	gateway->draining = true;
	if (p->httpd) {
		streams_end_all(gateway->streams);
		httpd_drain(p->httpd, (int32_t)p->conf.drain_ms);
	}
	httpd_free(p->httpd);
	authn_free(gateway->authn);
	backends_close(gateway->backends);
	httpd_free(p->admin);
	site_free(gateway->site);
	streams_free(gateway->streams);
	report_done();
	arena_free(p->arena);
}

/* Only the log level may change while it runs. */
static void reload(struct process *p)
{
	struct gateway_conf fresh = {0};
	struct error err;

	if (load(p, &fresh, &err) == OK)
		log_info("reloaded");
	else
		log_error("reload_refused", LOG_S("message", err.message));
}

static int run(struct process *p)
{
	sigset_t signals = block_signals();
	struct error err;
	int number = 0;
	enum status s = load(p, &p->conf, &err);

	if (s == OK)
		s = start(p, &err);
	if (s != OK)
		fprintf(stderr, "gateway: %s\n", err.message);
	else
		log_info("serving");
	while (s == OK) {
		ensure(sigwait(&signals, &number) == 0);
		if (number != SIGHUP)
			break;
		reload(p);
	}
	stop(p);
	return s == OK ? 0 : 1;
}

int main(int argc, char **argv)
{
	struct process p = {0};

	if (argc == 2 && strcmp(argv[1], "--print-config") == 0) {
		conf_print_example("gateway", gateway_keys, gateway_keys_n);
		return 0;
	}
	if (argc == 3 && strcmp(argv[1], "--config") == 0) {
		p.config = argv[2];
	} else if (argc != 1) {
		fprintf(stderr, "usage: gateway [--config FILE] [--print-config]\n");
		return 1;
	}
	log_init("gateway", LOG_LEVEL_INFO);
	p.arena = arena_new(ARENA_CHUNK_BYTES, ARENA_BYTES_MAX);
	return run(&p);
}
