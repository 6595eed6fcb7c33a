/* docs/modules/generation.md shows this table with the test of each row. */
#include "chat/answer/charge.h"

const struct charge_rule charge_rules[CHARGE_ENDS] = {
	[CHARGE_WHOLE] = {"whole", true},       [CHARGE_LIMITED] = {"limited", true},
	[CHARGE_FILTERED] = {"filtered", true}, [CHARGE_PARTIAL] = {"partial", true},
	[CHARGE_STOPPED] = {"stopped", true},   [CHARGE_STOPPED_EARLY] = {"stopped_early", false},
	[CHARGE_FAILED] = {"failed", false},    [CHARGE_WORTHLESS] = {"worthless", false},
	[CHARGE_LOST] = {"lost", false},
};

enum charge_end charge_end(const struct charge_facts *facts)
{
	bool stopped = facts->state == CHAT__V1__GENERATION__STATE__CANCELLED;

	if (facts->lost)
		return CHARGE_LOST;
	if (!facts->written)
		return stopped ? CHARGE_STOPPED_EARLY : CHARGE_FAILED;
	if (stopped)
		return CHARGE_STOPPED;
	if (facts->worthless)
		return CHARGE_WORTHLESS;
	if (facts->state != CHAT__V1__GENERATION__STATE__DONE)
		return CHARGE_PARTIAL;
	if (facts->stop == CHAT__V1__STOP_REASON__FILTER)
		return CHARGE_FILTERED;
	return facts->stop == CHAT__V1__STOP_REASON__LENGTH ? CHARGE_LIMITED : CHARGE_WHOLE;
}
