/* How many lines of log one address may make: so a flood fills no disk and hides nobody. */
#ifndef GATEWAY_LINES_H
#define GATEWAY_LINES_H

#include <stdbool.h>
#include <stdint.h>

/* per_second, burst: of one address; IPv6: of a /64. */
void lines_init(int64_t per_second, int64_t burst);

/* Whether a line about this address may be written now. What may not is counted, and the count is
 * written a second later as one line. Any thread. */
bool lines_take(const char *address);

#endif
