/* The public routes, made by tools/gen (build/gen/gateway/routes.c) from the google.api.http and
 * limitless.method options of the protos. Constant; may be read from any thread. */
#ifndef GATEWAY_ROUTE_TABLE_H
#define GATEWAY_ROUTE_TABLE_H

#include "runtime/json/rules.h"
#include "runtime/rpc/rpc.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	ROUTE_SEGMENTS_MAX = 8,
};

/* Where the request's body goes. */
enum route_body {
	ROUTE_BODY_NONE, /* there is none; fields that the path does not bind come from the query */
	ROUTE_BODY_ALL,  /* "*": JSON of every field that the path does not bind; no query */
	ROUTE_BODY_FIELD, /* JSON of body_field; the rest from the query. Raw bytes when the field
			     is a google.api.HttpBody */
};

/* limitless.MethodRule.RateLimit. */
enum route_limit {
	ROUTE_LIMIT_DEFAULT = 0,
	ROUTE_LIMIT_CREDENTIAL = 1,
	ROUTE_LIMIT_GENERATION = 2,
	ROUTE_LIMIT_MONEY = 3,
	ROUTE_LIMIT_NONE = 4,
};

/* limitless.MethodRule.Dialect. */
enum route_dialect {
	ROUTE_DIALECT_PROTO3 = 0,
	ROUTE_DIALECT_OPENAI = 1,
	ROUTE_DIALECT_ANTHROPIC = 2,
};

/* limitless.MethodRule.StreamWhen, of the streaming one of two methods that share a route, or of the
 * one that answers with a file. */
enum route_stream_when {
	ROUTE_STREAM_ALWAYS = 0,
	ROUTE_STREAM_ACCEPT = 1,     /* Accept names text/event-stream */
	ROUTE_STREAM_BODY_FIELD = 2, /* the request's bool field stream_field is true */
	ROUTE_STREAM_ACCEPT_CSV = 3, /* Accept names text/csv */
};

/* One RPC of one HTTP method and path. Indexes count in req->descriptor->fields, -1: none. */
struct route {
	const char *http_method; /* "GET" */
	const char *path;        /* as in the proto, for logs: "/api/v1/chats/{chat}:generate" */
	const char *segments[ROUTE_SEGMENTS_MAX]; /* between the slashes; NULL: the variable */
	uint8_t n_segments;
	const char *verb;       /* behind the colon of the last segment; NULL: none */
	int32_t variable_field; /* text that the {variable} fills */
	enum route_body body;
	int32_t body_field;   /* of ROUTE_BODY_FIELD */
	int32_t stream_field; /* of ROUTE_STREAM_BODY_FIELD */
	const char *package;  /* "credits.v1"; configuration says which channel serves it */
	const struct rpc_method *method;
	const struct json_message_rule *req;
	const struct json_message_rule *resp; /* JSON_FORM_HTTP_BODY: the answer is raw bytes */
	enum route_limit limit;
	enum route_dialect dialect;
	enum route_stream_when stream_when;
	uint32_t timeout_ms;     /* of a call; 0: as the configuration says */
	uint32_t body_bytes_max; /* 0: as the configuration says */
	uint16_t http_status;    /* of success; 200, or that of the proto */
	bool api_key;            /* an API key may call it as well as a session */
	bool clear_cookies;      /* success ends the session's cookies */
	bool planned;            /* contract only: 501 without a call */
};

/* Sorted so that the first match is the right one: at the first segment that differs a literal
 * comes before a variable, a verb before none; then by HTTP method. Of two routes that differ only
 * in stream_when, the one with a condition comes first and the plain one right behind it. */
extern const struct route routes[];
extern const size_t routes_n;

/* The session's cookies, by enum json_cookie, made of limitless.CookieRule.Name. */
struct route_cookie {
	const char *secure_name; /* over https: with the prefix whose rules browsers enforce */
	const char *plain_name;
	const char *path;
};

/* Its first entry is empty: JSON_COOKIE_NONE. */
extern const struct route_cookie route_cookies[];
extern const size_t route_cookies_n;

#endif
