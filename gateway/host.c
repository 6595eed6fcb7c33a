/* Source: RFC 9110 7.2 (Host), RFC 3986 3.2.2; what Vite and others learned about rebinding. */
#include "gateway/host.h"

#include "runtime/base/ensure.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define ADDRESS_SIZE 48

/* "chat.example:8443" in two. */
struct authority {
	const char *name;
	size_t len;
	const char *port; /* NULL: there is none */
};

struct hosts {
	const char *default_port; /* of public_url's scheme */
	struct authority *list;
	size_t n;
};

static struct authority split(const char *text)
{
	const char *end = *text == '[' ? strchr(text, ']') : NULL;
	const char *colon = strchr(end ? end : text, ':');
	size_t len = colon ? (size_t)(colon - text) : strlen(text);

	return (struct authority){text, len, colon && colon[1] ? colon + 1 : NULL};
}

static bool has_name(const struct authority *authority, const char *name)
{
	return strlen(name) == authority->len &&
	       strncasecmp(authority->name, name, authority->len) == 0;
}

static bool is_address(const struct authority *authority)
{
	bool brackets = authority->len > 2 && *authority->name == '[';
	char text[ADDRESS_SIZE];
	uint8_t bytes[16];

	if (authority->len >= sizeof text)
		return false;
	snprintf(text, sizeof text, "%.*s", (int)(authority->len - (brackets ? 2 : 0)),
		 authority->name + brackets);
	return inet_pton(brackets ? AF_INET6 : AF_INET, text, bytes) == 1;
}

static void add(struct hosts *hosts, const char *name, const char *port)
{
	hosts->list[hosts->n++] = (struct authority){name, strlen(name), port};
}

struct hosts *hosts_new(struct arena *arena, const char *public_origin, const char *const *others)
{
	static const char *const loopback[] = {"localhost", "127.0.0.1", "[::1]"};
	struct authority ours = split(strstr(public_origin, "://") + 3);
	struct hosts *hosts = arena_zalloc(arena, sizeof *hosts);
	bool local = false;
	size_t n = 0;

	while (others && others[n])
		n++;
	ensure(hosts);
	hosts->list = arena_array(arena, n + 1 + ARRAY_SIZE(loopback), sizeof *hosts->list);
	ensure(hosts->list);
	hosts->default_port = strncmp(public_origin, "https:", 6) == 0 ? "443" : "80";
	if (!ours.port)
		ours.port = hosts->default_port;
	hosts->list[hosts->n++] = ours;
	for (size_t i = 0; i < ARRAY_SIZE(loopback); i++)
		local |= has_name(&ours, loopback[i]);
	for (size_t i = 0; local && i < ARRAY_SIZE(loopback); i++)
		add(hosts, loopback[i], ours.port);
	for (size_t i = 0; i < n; i++)
		hosts->list[hosts->n++] = split(others[i]);
	return hosts;
}

enum status hosts_check(const struct hosts *hosts, const struct httpd_request *req,
			struct error *reterr)
{
	const char *host = httpd_header(req, "host");
	struct authority asked;

	if (!host)
		return OK;
	asked = split(host);
	if (!asked.port)
		asked.port = hosts->default_port;
	for (size_t i = 0; i < hosts->n; i++) {
		const struct authority *known = &hosts->list[i];

		if (known->len == asked.len &&
		    strncasecmp(known->name, asked.name, asked.len) == 0 &&
		    (!known->port || strcmp(known->port, asked.port) == 0))
			return OK;
	}
	if (is_address(&asked))
		return OK;
	return error_set(
		reterr, INVALID_ARGUMENT, "host_unknown",
		"this server is not known as '%.100s': who runs it sets public_url, or adds "
		"the name to hosts, in the gateway's configuration",
		host);
}
