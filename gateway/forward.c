/* Address, request id and trace of a request. Clients may claim anything, so these are taken from
 * headers only behind trusted proxies, and made here otherwise. */
#include "gateway/gateway.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static void copy(char *out, size_t size, const char *text, size_t len)
{
	snprintf(out, size, "%.*s", (int)(len < size ? len : size - 1), text);
}

/* Each proxy adds its caller's address at the end of the list. So the client's is the
 * trusted_hops-th from there. */
static void client_address(int64_t hops, const struct httpd_request *http, char *out, size_t size)
{
	const char *list = hops ? httpd_header(http, "x-forwarded-for") : NULL;
	const char *end = list ? list + strlen(list) : NULL, *start = NULL;

	for (int64_t i = 0; list && i < hops && end > list; i++) {
		if (start)
			end = start - 1; /* at the comma */
		for (start = end; start > list && start[-1] != ',';)
			start--;
		if (start == list)
			break;
	}
	if (!start) {
		copy(out, size, http->peer_address, strlen(http->peer_address));
		return;
	}
	while (start < end && *start == ' ')
		start++;
	while (end > start && end[-1] == ' ')
		end--;
	copy(out, size, start, (size_t)(end - start));
}

/* [A-Za-z0-9._-]{8,63} */
static bool is_request_id(const char *text)
{
	size_t len = strlen(text);

	return len >= 8 && len < 64 &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
		       len;
}

/* W3C Trace Context, version 00: 00-<32 hex>-<16 hex>-<2 hex>. */
static bool is_traceparent(const char *text)
{
	static const uint8_t lengths[] = {2, 32, 16, 2};

	if (strlen(text) != 55 || strncmp(text, "00-", 3) != 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		if (strspn(text, "0123456789abcdef") != lengths[i])
			return false;
		text += lengths[i] + 1;
	}
	return true;
}

/* Makes a new trace from the bytes of a new id. */
static void make_trace(char *out, size_t size)
{
	char id[UUID_SIZE], hex[33];
	size_t n = 0;

	uuid_v4(id);
	for (const char *p = id; *p; p++)
		if (*p != '-')
			hex[n++] = *p;
	hex[n] = '\0';
	snprintf(out, size, "00-%s-%s-01", hex, hex + 16);
}

void forward_context(const struct gateway *gateway, const struct httpd_request *http,
		     struct rpc_context *ret)
{
	int64_t hops = gateway->conf->trusted_hops;
	const char *id = hops ? httpd_header(http, "x-request-id") : NULL;
	const char *trace = hops ? httpd_header(http, "traceparent") : NULL;
	const char *agent = httpd_header(http, "user-agent");

	if (id && is_request_id(id))
		copy(ret->request_id, sizeof ret->request_id, id, strlen(id));
	else
		uuid_v7(ret->request_id);
	if (trace && is_traceparent(trace))
		copy(ret->traceparent, sizeof ret->traceparent, trace, strlen(trace));
	else
		make_trace(ret->traceparent, sizeof ret->traceparent);
	client_address(hops, http, ret->client_address, sizeof ret->client_address);
	for (size_t i = 0; agent && agent[i] && i < sizeof ret->user_agent - 1; i++)
		ret->user_agent[i] = isprint((unsigned char)agent[i]) ? agent[i] : '?';
}
