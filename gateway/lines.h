/* Lines of log that one address may cause, so that a flood neither fills the disk nor hides
 * others. */
#ifndef GATEWAY_LINES_H
#define GATEWAY_LINES_H

#include <stdbool.h>
#include <stdint.h>

/* per_second, burst: of one address; IPv6: of a /64. */
void lines_init(int64_t per_second, int64_t burst);

/* Whether a line about this address may be written now. Lines that may not are counted, and one
 * line tells their number a second later. Any thread. */
bool lines_take(const char *address);

#endif
