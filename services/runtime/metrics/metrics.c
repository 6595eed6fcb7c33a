#include "runtime/metrics/metrics.h"

#include "runtime/base/ensure.h"
#include "runtime/base/version.h"

#include <dirent.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define LABELS_MAX 8
#define LABEL_VALUE_MAX 128
#define CHILDREN_MAX 1000

/* Upper bounds in microseconds: 100 µs to 100 s, 1-2.5-5. */
static const int64_t bounds_us[] = {
	100,    250,    500,     1000,    2500,    5000,     10000,    25000,    50000,     100000,
	250000, 500000, 1000000, 2500000, 5000000, 10000000, 25000000, 50000000, 100000000,
};

static const char *const bound_texts[] = {
	"0.0001", "0.00025", "0.0005", "0.001", "0.0025", "0.005", "0.01", "0.025", "0.05", "0.1",
	"0.25",   "0.5",     "1",      "2.5",   "5",      "10",    "25",   "50",    "100",
};

#define BOUNDS_N ARRAY_SIZE(bounds_us)
_Static_assert(ARRAY_SIZE(bound_texts) == BOUNDS_N, "every bound has its text");

struct metric {
	struct metric *next; /* in its family; set once */
	const struct metric_family *family;
	char *labels;          /* `a="x",b="y"`, or "" */
	_Atomic int64_t value; /* counter, gauge; microseconds summed for a histogram */
	_Atomic int64_t
		counts[BOUNDS_N + 1]; /* histogram: per bucket, not cumulated; the last is +Inf */
};

struct reading {
	struct reading *next;
	const char *name, *help;
	int64_t (*read)(void *ctx);
	void *ctx;
};

/* Families are registered before main; a new child takes the lock, counting does not. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
	struct metric_family **families; /* by name */
	size_t n;
	struct reading *readings;
} registry;

void metric_register(struct metric_family *family)
{
	size_t at = registry.n;

	registry.families =
		reallocarray(registry.families, registry.n + 1, sizeof(struct metric_family *));
	ensure(registry.families);
	for (; at > 0 && strcmp(registry.families[at - 1]->name, family->name) > 0; at--)
		registry.families[at] = registry.families[at - 1];
	registry.families[at] = family;
	registry.n++;
}

/* Prometheus' escapes of label values: backslash, quote, newline. */
static void add_label_value(struct buf *out, const char *value)
{
	for (size_t i = 0; value[i] && i < LABEL_VALUE_MAX; i++) {
		if (value[i] == '\\' || value[i] == '"')
			buf_addc(out, '\\');
		if (value[i] == '\n')
			buf_adds(out, "\\n");
		else
			buf_addc(out, value[i]);
	}
}

/* `a="x",b="y"` of the family's names and these values. */
static void write_labels(struct buf *out, const char *names, const char *const *values,
			 const char *instead)
{
	for (size_t i = 0; names && *names; i++) {
		size_t len = strcspn(names, ",");

		ensure(i < LABELS_MAX);
		buf_addf(out, "%s%.*s=\"", i ? "," : "", (int)len, names);
		add_label_value(out, instead ? instead : values[i]);
		buf_addc(out, '"');
		names += len + (names[len] == ',');
	}
}

static struct metric *find(struct metric_family *family, const char *labels, size_t *ret_n)
{
	*ret_n = 0;
	for (struct metric *m = atomic_load(&family->children); m; m = m->next, ++*ret_n)
		if (strcmp(m->labels, labels) == 0)
			return m;
	return NULL;
}

static struct metric *add_child(struct metric_family *family, const char *labels)
{
	struct metric *metric = calloc(1, sizeof *metric);

	ensure(metric);
	metric->family = family;
	metric->labels = strdup(labels);
	ensure(metric->labels);
	metric->next = atomic_load(&family->children);
	atomic_store(&family->children, metric);
	return metric;
}

struct metric *metric_get(struct metric_family *family, const char *const *label_values)
{
	_cleanup_(buf_done) struct buf labels;
	struct metric *metric;
	size_t n;

	buf_init(&labels, 4096);
	write_labels(&labels, family->labels, label_values, NULL);
	metric = find(family, buf_text(&labels), &n);
	if (metric)
		return metric;
	pthread_mutex_lock(&lock);
	metric = find(family, buf_text(&labels), &n);
	if (!metric && n >= CHILDREN_MAX - 1) {
		buf_clear(&labels);
		write_labels(&labels, family->labels, NULL, "other");
		metric = find(family, buf_text(&labels), &n);
	}
	if (!metric)
		metric = add_child(family, buf_text(&labels));
	pthread_mutex_unlock(&lock);
	return metric;
}

void metric_add(struct metric *metric, int64_t n)
{
	atomic_fetch_add_explicit(&metric->value, n, memory_order_relaxed);
}

void metric_set(struct metric *metric, int64_t value)
{
	atomic_store_explicit(&metric->value, value, memory_order_relaxed);
}

void metric_observe_us(struct metric *metric, int64_t us)
{
	size_t i = 0;

	while (i < BOUNDS_N && us > bounds_us[i])
		i++;
	atomic_fetch_add_explicit(&metric->counts[i], 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&metric->value, us, memory_order_relaxed);
}

void metric_callback(const char *name, const char *help, int64_t (*read)(void *ctx), void *ctx)
{
	struct reading *reading = calloc(1, sizeof *reading);

	ensure(reading);
	*reading = (struct reading){.name = name, .help = help, .read = read, .ctx = ctx};
	pthread_mutex_lock(&lock);
	reading->next = registry.readings;
	registry.readings = reading;
	pthread_mutex_unlock(&lock);
}

static void write_histogram(struct buf *out, struct metric *m)
{
	const char *comma = *m->labels ? "," : "";
	int64_t cumulated = 0;

	for (size_t i = 0; i <= BOUNDS_N; i++) {
		cumulated += atomic_load(&m->counts[i]);
		buf_addf(out, "%s_bucket{%s%sle=\"%s\"} %" PRId64 "\n", m->family->name, m->labels,
			 comma, i < BOUNDS_N ? bound_texts[i] : "+Inf", cumulated);
	}
	buf_addf(out, "%s_sum{%s} %.6f\n%s_count{%s} %" PRId64 "\n", m->family->name, m->labels,
		 (double)atomic_load(&m->value) / 1e6, m->family->name, m->labels, cumulated);
}

static void write_family(struct buf *out, struct metric_family *family)
{
	static const char *const kinds[] = {"counter", "gauge", "histogram"};

	buf_addf(out, "# HELP %s %s\n# TYPE %s %s\n", family->name, family->help, family->name,
		 kinds[family->kind]);
	for (struct metric *m = atomic_load(&family->children); m; m = m->next) {
		if (family->kind == METRIC_HISTOGRAM)
			write_histogram(out, m);
		else if (*m->labels)
			buf_addf(out, "%s{%s} %" PRId64 "\n", family->name, m->labels,
				 atomic_load(&m->value));
		else
			buf_addf(out, "%s %" PRId64 "\n", family->name, atomic_load(&m->value));
	}
}

static void write_gauge(struct buf *out, const char *name, const char *help, int64_t value)
{
	buf_addf(out, "# HELP %s %s\n# TYPE %s gauge\n%s %" PRId64 "\n", name, help, name, name,
		 value);
}

static int64_t count_fds(void)
{
	DIR *fds = opendir("/proc/self/fd");
	int64_t n = -3; /* ".", ".." and the one that reads */

	if (!fds)
		return 0;
	while (readdir(fds))
		n++;
	closedir(fds);
	return n;
}

static void write_build(struct buf *out)
{
	buf_addf(out,
		 "# HELP build_info Which build runs; always 1.\n# TYPE build_info gauge\n"
		 "build_info{version=\"%s\",commit=\"%s\"} 1\n",
		 version_number, version_commit);
}

/* Resident pages and start time of this process, from procfs. */
static void write_process(struct buf *out)
{
	long pages = 0;
	FILE *statm = fopen("/proc/self/statm", "re");
	struct stat st;

	if (statm) {
		if (fscanf(statm, "%*s %ld", &pages) != 1)
			pages = 0;
		fclose(statm);
	}
	write_gauge(out, "process_resident_memory_bytes", "Resident memory.",
		    pages * sysconf(_SC_PAGESIZE));
	if (stat("/proc/self", &st) == 0)
		write_gauge(out, "process_start_time_seconds", "Start, seconds since 1970.",
			    (int64_t)st.st_ctime);
	write_gauge(out, "process_open_fds", "Open file descriptors.", count_fds());
}

void metrics_write(struct buf *out)
{
	write_build(out);
	write_process(out);
	for (size_t i = 0; i < registry.n; i++)
		if (!registry.families[i]->labels)
			metric_get(registry.families[i], NULL); /* it is there with 0 */
	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < registry.n; i++)
		write_family(out, registry.families[i]);
	for (struct reading *r = registry.readings; r; r = r->next)
		write_gauge(out, r->name, r->help, r->read(r->ctx));
	pthread_mutex_unlock(&lock);
}
