/* Base addresses of providers, as people write them. */
#include "chat/provider/provider.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define HOST_SIZE 256
#define ENDPOINT "/chat/completions"

_printf_(3, 4) static enum status
	bad(struct error *reterr, const char *name, const char *format, ...)
{
	char what[160];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof what, format, args);
	va_end(args);
	return error_set(reterr, INVALID_ARGUMENT, "config_invalid", "providers.%s.base_url: %s",
			 name, what);
}

/* The length without slashes at the end and without the endpoint, which some people paste
 * with it. */
static size_t trimmed(const char *text, size_t len)
{
	size_t n = strlen(ENDPOINT);

	while (len > 0 && text[len - 1] == '/')
		len--;
	if (len < n || strncmp(text + len - n, ENDPOINT, n) != 0)
		return len;
	len -= n;
	while (len > 0 && text[len - 1] == '/')
		len--;
	return len;
}

/* The host in the text behind "://", without user, port and brackets. "": there is none. */
static void host_of(const char *text, size_t len, char out[HOST_SIZE])
{
	size_t end = 0, start = 0;

	while (end < len && text[end] != '/')
		end++;
	for (size_t i = 0; i < end; i++) {
		if (text[i] == '@')
			start = i + 1;
	}
	if (start < end && text[start] == '[') {
		start++;
		len = strcspn(text + start, "]");
	} else {
		len = strcspn(text + start, ":");
	}
	if (len > end - start)
		len = end - start;
	snprintf(out, HOST_SIZE, "%.*s", (int)(len < HOST_SIZE ? len : HOST_SIZE - 1),
		 text + start);
}

static bool ends_in(const char *text, const char *end)
{
	size_t len = strlen(text), n = strlen(end);

	return len >= n && strcasecmp(text + len - n, end) == 0;
}

static bool is_local_ipv4(uint32_t a)
{
	return a >> 24 == 127 || a >> 24 == 10 || a >> 20 == 0xac1 || a >> 16 == 0xc0a8 ||
	       a >> 16 == 0xa9fe || a >> 22 == 0x191 /* 100.64.0.0/10 */;
}

/* On this machine or in its network, to which a name without a dot belongs. */
static bool is_local(const char *host)
{
	static const char *const ends[] = {".local", ".localhost", ".lan", ".internal",
					   ".home.arpa"};
	struct in6_addr v6;
	struct in_addr v4;

	if (inet_pton(AF_INET, host, &v4) == 1)
		return is_local_ipv4(ntohl(v4.s_addr));
	if (inet_pton(AF_INET6, host, &v6) == 1)
		return IN6_IS_ADDR_LOOPBACK(&v6) || IN6_IS_ADDR_LINKLOCAL(&v6) ||
		       (v6.s6_addr[0] & 0xfe) == 0xfc;
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		if (ends_in(host, ends[i]))
			return true;
	}
	return !strchr(host, '.');
}

enum status provider_url_read(const char *name, const char *text, struct arena *arena,
			      struct provider *ret, struct error *reterr)
{
	size_t len, path_len;
	const char *query, *rest;
	char host[HOST_SIZE];

	while (isspace((unsigned char)*text))
		text++;
	len = strlen(text);
	while (len > 0 && isspace((unsigned char)text[len - 1]))
		len--;
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)text[i] <= ' ' || text[i] == 0x7f)
			return bad(reterr, name, "'%.100s' has a blank within", text);
	}
	if (strncasecmp(text, "http://", 7) != 0 && strncasecmp(text, "https://", 8) != 0)
		return bad(reterr, name, "'%.100s' is no http:// or https:// address", text);
	if (memchr(text, '#', len))
		return bad(reterr, name, "'%.100s' has a fragment: leave out what follows the #",
			   text);
	query = memchr(text, '?', len);
	path_len = trimmed(text, query ? (size_t)(query - text) : len);
	rest = strstr(text, "://") + 3;
	host_of(rest, path_len > (size_t)(rest - text) ? path_len - (size_t)(rest - text) : 0,
		host);
	if (!host[0])
		return bad(reterr, name, "'%.100s' names no host", text);
	ret->base_url = arena_strndup(arena, text, path_len);
	ret->query = query ? arena_strndup(arena, query, len - (size_t)(query - text)) : "";
	if (strcmp(ret->query, "?") == 0)
		ret->query = "";
	ret->local = is_local(host);
	ret->azure = ends_in(host, ".azure.com");
	return OK;
}

char *provider_url(struct arena *arena, const struct provider *provider, const char *path)
{
	return arena_printf(arena, "%s%s%s", provider->base_url, path, provider->query);
}

const char *provider_authorization(struct arena *arena, const struct provider *provider,
				   const struct provider_key *key)
{
	if (!key->secret)
		return NULL;
	if (provider->api && provider->api->key_header)
		return arena_printf(arena, "%s%s", provider->api->key_header, key->secret);
	return arena_printf(arena, provider->azure ? "api-key: %s" : "Authorization: Bearer %s",
			    key->secret);
}

const char *const *provider_get_headers(struct arena *arena, const struct provider *provider,
					const struct provider_key *key)
{
	const char *authorization = provider_authorization(arena, provider, key);
	const char **headers = arena_array(arena, 4, sizeof *headers);
	size_t n = 0;

	if (!headers)
		return NULL;
	headers[n++] = "Accept: application/json";
	if (authorization)
		headers[n++] = authorization;
	if (provider->api && provider->api->header)
		headers[n++] = provider->api->header;
	return headers;
}
