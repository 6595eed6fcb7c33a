/* The nightly look at the invariants. `limitless credits verify` asks the same by hand. */
#include "credits.h"

#include "runtime/log/log.h"
#include "runtime/metrics/metrics.h"

METRIC_FAMILY(violations) = {
	.name = "ledger_invariant_violations",
	.help = "Violations found by the last look at the ledger's invariants.",
	.labels = "invariant",
	.kind = METRIC_GAUGE,
};

enum status credits_verify(struct db *db, void *ctx, struct error *reterr)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	enum status s;

	s = db_query(db, &sql_credits_verify, NULL, &rows, reterr);
	if (s != OK)
		return s;
	for (int i = 0; i < PQntuples(rows); i++) {
		const char *invariant = db_peek(rows, i, "invariant");
		int64_t n = db_i64(rows, i, "violations");

		metric_set(metric_get(&violations, &invariant), n);
		if (n > 0)
			log_error("ledger_invariant_broken", LOG_S("invariant", invariant),
				  LOG_I("violations", n),
				  LOG_S("first", db_peek(rows, i, "first_violations")));
	}
	return OK;
}
