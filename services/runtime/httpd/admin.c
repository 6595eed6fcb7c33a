/* The routes that an operator's probes ask of a process. */
#include "runtime/base/buf.h"
#include "runtime/httpd/conn.h"
#include "runtime/metrics/metrics.h"

#include <string.h>

#define METRICS_BYTES_MAX (16 * 1024 * 1024)
#define ADMIN_CONNECTIONS_MAX 64
#define ADMIN_BODY_BYTES_MAX 1024

static void answer_text(struct httpd_request *req, int32_t status, const char *text)
{
	httpd_answer(req, &(struct httpd_answer){
				  .status = status,
				  .content_type = "text/plain; charset=utf-8",
				  .body = text,
				  .body_len = strlen(text),
			  });
}

static void answer_metrics(struct httpd_request *req)
{
	struct buf out;

	buf_init(&out, METRICS_BYTES_MAX);
	metrics_write(&out);
	httpd_answer(req, &(struct httpd_answer){
				  .status = 200,
				  .content_type = "text/plain; version=0.0.4; charset=utf-8",
				  .body = out.data,
				  .body_len = out.len,
			  });
	buf_done(&out);
}

static void handle(struct httpd_request *req, void *ctx)
{
	const struct httpd_admin_options *admin = ctx;
	const char *why = "not ready\n";

	if (strcmp(req->method, "GET") != 0 && strcmp(req->method, "HEAD") != 0)
		answer_text(req, 405, "only GET\n");
	else if (strcmp(req->path, "/healthz") == 0)
		answer_text(req, 200, "ok\n");
	else if (strcmp(req->path, "/readyz") == 0 &&
		 (!admin->ready || admin->ready(&why, admin->ctx)))
		answer_text(req, 200, "ready\n");
	else if (strcmp(req->path, "/readyz") == 0)
		answer_text(req, 503, why);
	else if (strcmp(req->path, "/metrics") == 0)
		answer_metrics(req);
	else
		answer_text(req, 404, "/healthz, /readyz, /metrics\n");
}

enum status httpd_admin_start(const struct httpd_admin_options *options, struct httpd **ret,
			      struct error *reterr)
{
	const char *const listen[] = {options->listen, NULL};
	struct httpd_admin_options *kept = malloc(sizeof *kept);
	struct httpd *httpd;
	enum status s;

	ensure(kept);
	*kept = *options;
	s = httpd_start(
		&(struct httpd_options){
			.listen = listen,
			.handle = handle,
			.ctx = kept,
			.connections_max = ADMIN_CONNECTIONS_MAX,
			.body_bytes_max = ADMIN_BODY_BYTES_MAX,
		},
		&httpd, reterr);
	if (s != OK) {
		free(kept);
		return s;
	}
	httpd->owned = kept;
	*ret = httpd;
	return OK;
}
