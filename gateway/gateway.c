/* The gateway as a whole: it opens its parts in order and closes them in the reverse order. */
#include "gateway/gateway.h"
#include "runtime/base/ensure.h"
#include "runtime/log/log.h"

#include <string.h>
#include <sys/resource.h>

#define ARENA_CHUNK_BYTES (16 * 1024)
#define ARENA_BYTES_MAX (1024 * 1024)
#define REQUEST_ARENA_FACTOR 8 /* a message takes more room than its JSON */
#define OTHER_FILES 1280       /* backends, logs, and connections that are about to be closed */

/* Checks public_url, which has a scheme and an authority and nothing else. */
static enum status take_public_url(struct gateway *gateway, struct error *reterr)
{
	const char *url = gateway->conf->public_url;
	size_t len = strlen(url);

	gateway->secure = strncmp(url, "https://", 8) == 0;
	if (!gateway->secure && strncmp(url, "http://", 7) != 0)
		return error_set(reterr, INVALID_ARGUMENT, "config_invalid",
				 "public_url: '%s' begins with neither http:// nor https://", url);
	if (url[len - 1] == '/')
		len--;
	gateway->origins.public_origin = arena_strndup(gateway->arena, url, len);
	if (strchr(strstr(gateway->origins.public_origin, "://") + 3, '/'))
		return error_set(reterr, INVALID_ARGUMENT, "config_invalid",
				 "public_url: '%s' has a path", url);
	gateway->origins.allowed = gateway->conf->cors_origins;
	gateway->hosts =
		hosts_new(gateway->arena, gateway->origins.public_origin, gateway->conf->hosts);
	return OK;
}

/* The page's policy: nothing from elsewhere, no inline code, and no frame around it. */
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

bool gateway_ready(const struct gateway *gateway, const char **ret_why)
{
	*ret_why = "keys and ended sessions are not known\n";
	return authn_ready(gateway->authn);
}

static int64_t smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* A connection is a file. Without free files nobody could come in any more. */
static int32_t connections_possible(const struct gateway_conf *conf)
{
	struct rlimit limit;
	int64_t most = conf->connections_max;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && most + OTHER_FILES > (int64_t)limit.rlim_cur) {
		most = (int64_t)limit.rlim_cur / 2;
		log_warn("connections_max_lowered", LOG_I("connections_max", most),
			 LOG_S("hint", "raise the limit of open files (ulimit -n)"));
	}
	return (int32_t)most;
}

static enum status listen_public(struct gateway *gateway, struct error *reterr)
{
	const struct gateway_conf *conf = gateway->conf;
	int32_t connections_max = connections_possible(conf);
	const struct httpd_options options = {
		.listen = conf->listen,
		.handle = handle_request,
		.head = handle_head,
		.refuse = handle_refusal,
		.ctx = gateway,
		.connections_max = connections_max,
		.connections_reserved =
			(int32_t)smaller(conf->connections_reserved, connections_max / 4),
		.connections_per_address_max = (int32_t)conf->connections_per_address_max,
		.connections_per_proxy_max = (int32_t)conf->connections_per_proxy_max,
		.trusted = conf->trusted_proxies,
		.head_bytes_max = (size_t)conf->head_bytes_max,
		.headers_max = (int32_t)conf->headers_max,
		.url_bytes_max = (size_t)conf->url_bytes_max,
		.body_bytes_max = (size_t)conf->body_bytes_max,
		.request_arena_bytes =
			(size_t)(REQUEST_ARENA_FACTOR * conf->body_bytes_max + (1 << 20)),
		.head_timeout_ms = (int32_t)conf->head_timeout_ms,
		.body_rate_min = (int32_t)conf->body_rate_min,
		.body_window_ms = (int32_t)conf->body_window_ms,
		.body_timeout_ms = (int32_t)conf->body_timeout_ms,
		.bodies_bytes_max = (size_t)conf->bodies_bytes_max,
		.bodies_bytes_reserved =
			(size_t)smaller(conf->bodies_bytes_reserved, conf->bodies_bytes_max),
		.bodies_bytes_per_client_max = (size_t)conf->bodies_bytes_per_client_max,
		.idle_timeout_ms = (int32_t)conf->idle_timeout_ms,
		.send_timeout_ms = (int32_t)conf->send_timeout_ms,
		.stream_queue_bytes = (size_t)conf->stream_queue_bytes,
	};

	return httpd_start(&options, &gateway->httpd, reterr);
}

enum status gateway_start(const struct gateway_conf *conf, struct gateway **ret,
			  struct error *reterr)
{
	struct gateway *gateway = calloc(1, sizeof *gateway);
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

	ensure(gateway);
	*ret = gateway;
	gateway->conf = conf;
	gateway->arena = arena_new(ARENA_CHUNK_BYTES, ARENA_BYTES_MAX);
	gateway->docs = docs_page(gateway->arena);
	gateway->page_policy = page_policy(gateway->arena, conf->files_url);
	gateway->streams = streams_new();
	gateway->workers = workers_new((size_t)conf->worker_threads, (size_t)conf->worker_queue_max,
				       reply_thread_done);
	report_init(conf);
	s = take_public_url(gateway, reterr);
	if (s == OK && *conf->web_root)
		s = site_open(conf->web_root, conf->web_root_previous, &gateway->site, reterr);
	if (s == OK)
		s = backends_open(conf, &gateway->backends, reterr);
	if (s != OK)
		return s;
	authn.edge = backends_of_package(gateway->backends, conf->edge);
	gateway->authn = authn_new(&authn);
	gateway->api_keys = api_keys_new(&(struct api_keys_options){
		.edge = authn.edge,
		.entries = (int32_t)conf->api_key_cache_entries,
		.lifetime_ms = (int32_t)conf->api_key_cache_ms,
	});
	return listen_public(gateway, reterr);
}

enum status gateway_reload(struct gateway *gateway, const struct gateway_conf *conf,
			   struct error *reterr)
{
	return backends_reload(gateway->backends, conf, reterr);
}

void gateway_stop(struct gateway *gateway)
{
	if (!gateway)
		return;
	gateway->draining = true;
	if (gateway->httpd) {
		streams_end_all(gateway->streams);
		httpd_drain(gateway->httpd, (int32_t)gateway->conf->drain_ms);
	}
	httpd_free(gateway->httpd);
	workers_free(gateway->workers); /* every request has been answered */
	authn_free(gateway->authn);
	backends_close(gateway->backends); /* with the calls that look keys up */
	api_keys_free(gateway->api_keys);
	site_free(gateway->site);
	streams_free(gateway->streams);
	report_done();
	arena_free(gateway->arena);
	free(gateway);
}
