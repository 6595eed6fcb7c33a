/* The IANA special-purpose registries (RFC 6890 and its successors) as two tables. */
#include "runtime/http/guard.h"

#include "runtime/base/cleanup.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>

struct range4 {
	uint32_t network;
	int bits;
};

#define V4(a, b, c, d) ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (d))

static const struct range4 refused4[] = {
	{V4(0, 0, 0, 0), 8},       /* this network */
	{V4(10, 0, 0, 0), 8},      /* private */
	{V4(100, 64, 0, 0), 10},   /* shared by carriers */
	{V4(127, 0, 0, 0), 8},     /* loopback */
	{V4(169, 254, 0, 0), 16},  /* link-local, where clouds keep their metadata */
	{V4(172, 16, 0, 0), 12},   /* private */
	{V4(192, 0, 0, 0), 24},    /* IETF protocols */
	{V4(192, 0, 2, 0), 24},    /* documentation */
	{V4(192, 88, 99, 0), 24},  /* 6to4 relays */
	{V4(192, 168, 0, 0), 16},  /* private */
	{V4(198, 18, 0, 0), 15},   /* benchmarks */
	{V4(198, 51, 100, 0), 24}, /* documentation */
	{V4(203, 0, 113, 0), 24},  /* documentation */
	{V4(224, 0, 0, 0), 3},     /* multicast, reserved, broadcast */
};

struct range6 {
	uint8_t network[4];
	int bits; /* <= 32 */
};

/* Parts of 2000::/3 that are not plain unicast; all outside of it is refused anyway. */
static const struct range6 refused6[] = {
	{{0x20, 0x01, 0x00, 0x00}, 23}, /* IETF protocols, Teredo, ORCHID */
	{{0x20, 0x01, 0x0d, 0xb8}, 32}, /* documentation */
	{{0x20, 0x02, 0x00, 0x00}, 16}, /* 6to4: an IPv4 address inside */
	{{0x3f, 0xff, 0x00, 0x00}, 20}, /* documentation */
};

static bool in_range(uint32_t address, uint32_t network, int bits)
{
	return ((address ^ network) >> (32 - bits)) == 0;
}

static bool allows4(uint32_t address)
{
	for (size_t i = 0; i < ARRAY_SIZE(refused4); i++) {
		if (in_range(address, refused4[i].network, refused4[i].bits))
			return false;
	}
	return true;
}

static bool allows6(const uint8_t bytes[16])
{
	uint32_t head = V4(bytes[0], bytes[1], bytes[2], bytes[3]);

	if (!in_range(head, V4(0x20, 0, 0, 0), 3))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(refused6); i++) {
		const uint8_t *n = refused6[i].network;

		if (in_range(head, V4(n[0], n[1], n[2], n[3]), refused6[i].bits))
			return false;
	}
	return true;
}

bool guard_allows(const struct sockaddr *address, socklen_t len)
{
	if (address->sa_family == AF_INET && len >= sizeof(struct sockaddr_in)) {
		struct sockaddr_in in;

		memcpy(&in, address, sizeof in);
		return allows4(ntohl(in.sin_addr.s_addr));
	}
	if (address->sa_family == AF_INET6 && len >= sizeof(struct sockaddr_in6)) {
		struct sockaddr_in6 in6;

		memcpy(&in6, address, sizeof in6);
		return allows6(in6.sin6_addr.s6_addr);
	}
	return false;
}
