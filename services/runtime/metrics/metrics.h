/* Counters, gauges and histograms in Prometheus' text format. Any thread, no lock on the counting
 * path. */
#ifndef RUNTIME_METRICS_METRICS_H
#define RUNTIME_METRICS_METRICS_H

#include "runtime/base/buf.h"
#include <stdatomic.h>
#include <stdint.h>

/* A family, declared by METRIC_FAMILY. */
struct metric_family {
	const char *name; /* ends in its unit: _total, _seconds, _bytes */
	const char *help;
	const char *labels; /* comma-separated names ("method,code"), or NULL */
	enum { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM } kind;
	_Atomic(struct metric *) children;
};

/* METRIC_FAMILY(refused) = {.name = …}; at the top of a file: known before main begins, so that it
 * is shown from the first moment, with 0 when it has no labels. */
#define METRIC_FAMILY(family_)                                            \
	static struct metric_family family_;                              \
	__attribute__((constructor)) static void family_##_register(void) \
	{                                                                 \
		metric_register(&family_);                                \
	}                                                                 \
	static struct metric_family family_
/* For METRIC_FAMILY alone. */
void metric_register(struct metric_family *family);

struct metric;

/* The child with these label values, as many as the family has labels; NULL when it has none. It is
 * made when it is missing; keep the pointer on hot paths. A family has at most 1,000 children, and
 * all further values share one that is labelled "other". Never NULL, never freed. */
struct metric *metric_get(struct metric_family *family, const char *const *label_values);

void metric_add(struct metric *metric, int64_t n);     /* counter, gauge */
void metric_set(struct metric *metric, int64_t value); /* gauge */
/* Histogram of durations: buckets of 100 µs to 100 s, 1-2.5-5. */
void metric_observe_us(struct metric *metric, int64_t us);

/* A gauge read when somebody asks. */
void metric_callback(const char *name, const char *help, int64_t (*read)(void *ctx), void *ctx);

/* Everything, in the text format 0.0.4, with build_info{version,commit}, process_open_fds,
 * process_resident_memory_bytes and process_start_time_seconds. */
void metrics_write(struct buf *out);

#endif
