#include "runtime/net/address.h"

#include "runtime/base/text.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static const uint8_t wrapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static bool parse(const char *text, uint8_t out[16])
{
	if (inet_pton(AF_INET, text, out + sizeof wrapped) == 1) {
		memcpy(out, wrapped, sizeof wrapped);
		return true;
	}
	return inet_pton(AF_INET6, text, out) == 1;
}

void net_address_key(const char *address, char out[NET_ADDRESS_SIZE])
{
	uint8_t bytes[16];

	if (!parse(address, bytes)) {
		snprintf(out, NET_ADDRESS_SIZE, "%s", address);
		return;
	}
	if (memcmp(bytes, wrapped, sizeof wrapped) == 0) {
		inet_ntop(AF_INET, bytes + sizeof wrapped, out, NET_ADDRESS_SIZE);
		return;
	}
	memset(bytes + 8, 0, 8);
	inet_ntop(AF_INET6, bytes, out, NET_ADDRESS_SIZE);
}

bool net_range_parse(const char *text, struct net_range *ret)
{
	const char *slash = strchr(text, '/');
	char address[NET_ADDRESS_SIZE];
	int64_t bits, max;

	snprintf(address, sizeof address, "%.*s", (int)(slash ? slash - text : INT16_MAX), text);
	if (!parse(address, ret->bytes))
		return false;
	max = strchr(address, ':') ? 128 : 32;
	bits = max;
	if (slash && !text_parse_i64(slash + 1, strlen(slash + 1), 0, max, &bits))
		return false;
	ret->bits = (uint8_t)(bits + 128 - max);
	return true;
}

bool net_range_has(const struct net_range *range, const char *address)
{
	uint8_t bytes[16], rest = range->bits % 8, whole = range->bits / 8;

	if (!parse(address, bytes) || memcmp(bytes, range->bytes, whole) != 0)
		return false;
	return rest == 0 || (bytes[whole] ^ range->bytes[whole]) >> (8 - rest) == 0;
}
