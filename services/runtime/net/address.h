/* Addresses as text: who counts as one client, and ranges of them. Any thread; nothing is
 * shared. */
#ifndef RUNTIME_NET_ADDRESS_H
#define RUNTIME_NET_ADDRESS_H

#include "runtime/base/status.h"
#include <stdbool.h>
#include <stdint.h>

#define NET_ADDRESS_SIZE 48 /* bytes of an address or a key, with the NUL */

/* The key that an address is counted under. An IPv4 address is its own key, also when IPv6 wraps
 * it. The key of an IPv6 one is its first 64 bits, which are one household's or machine's. Other
 * text is cut to the size. */
void net_address_key(const char *address, char out[NET_ADDRESS_SIZE]);

/* Addresses with the same first bits. */
struct net_range {
	uint8_t bytes[16]; /* IPv4 as IPv6 wraps it */
	uint8_t bits;
};

/* "10.0.0.0/8", "::1/128", or one address. False: it is neither. */
bool net_range_parse(const char *text, struct net_range *ret);
/* False also for what is no address. */
bool net_range_has(const struct net_range *range, const char *address);

#endif
