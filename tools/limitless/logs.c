/* `limitless logs`: the lines of all programs of a stack as one, in the order of their time. */
#include "tools/limitless/commands.h"
#include "tools/limitless/place.h"

#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include "runtime/base/text.h"

#include <dirent.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SOURCES_MAX 64
#define SOURCE_NAME_MAX 64
#define POLL_MS 100
#define SINCE_SECONDS_MAX (10LL * 365 * 86400)
#define TIME_KEY "{\"ts\":\""   /* with which log_write begins each line */
#define POSTGRES_LOG "postgres" /* not ours, and no JSON */

/* The log of one program: first what was moved away when it was full, then what is written now. */
struct source {
	char name[SOURCE_NAME_MAX];
	char path[TOOL_PATH_MAX];
	FILE *file;
	bool moved; /* file is PATH.1 */
	char *line; /* the next one, when has_line is set */
	size_t size;
	bool has_line;
	char time
		[CLOCK_RFC3339_SIZE]; /* of the line; one without a time has that of the line before */
};

struct logs {
	struct source sources[SOURCES_MAX];
	size_t n;
	const char *dir, *service;
	char request[256]; /* text that a wanted line contains; "": all are wanted */
	char since[CLOCK_RFC3339_SIZE];
	bool follow;
};

/* ---------------------------------------------------------------- sources */

/* The name of the program whose log this file is; false: it is none. */
static bool program_of(const char *file, char out[SOURCE_NAME_MAX])
{
	const char *dot = strstr(file, ".log");
	size_t len = dot ? (size_t)(dot - file) : 0;

	if (len == 0 || len >= SOURCE_NAME_MAX || strcmp(dot, ".log") != 0)
		return false;
	memcpy(out, file, len);
	out[len] = '\0';
	return strcmp(out, POSTGRES_LOG) != 0;
}

static void open_source(struct source *source)
{
	char old[TOOL_PATH_MAX];

	tool_path(old, "%s.1", source->path);
	source->file = fopen(old, "re");
	source->moved = source->file != NULL;
	if (!source->file)
		source->file = fopen(source->path, "re");
}

static enum status open_sources(struct logs *logs, const char *folder, struct error *reterr)
{
	DIR *dir = opendir(folder);
	char names[512] = "";
	struct dirent *entry;

	while (dir && logs->n < SOURCES_MAX && (entry = readdir(dir))) {
		struct source *source = &logs->sources[logs->n];
		size_t len = strlen(names);

		if (!program_of(entry->d_name, source->name))
			continue;
		snprintf(names + len, sizeof names - len, " %s", source->name);
		if (logs->service && strcmp(logs->service, source->name) != 0)
			continue;
		tool_path(source->path, "%s/%s", folder, entry->d_name);
		open_source(source);
		if (!source->file) {
			closedir(dir);
			return tool_fail(reterr, "%s cannot be read: %m", source->path);
		}
		logs->n++;
	}
	if (dir)
		closedir(dir);
	if (names[0] == '\0')
		return tool_fail(reterr, "%s has no logs: is --dir the folder of a stack?", folder);
	if (logs->n == 0)
		return tool_fail(reterr, "--service: %s has no log; there are%s", logs->service,
				 names);
	return OK;
}

static void close_sources(struct logs *logs)
{
	for (size_t i = 0; i < logs->n; i++) {
		free(logs->sources[i].line);
		if (logs->sources[i].file)
			fclose(logs->sources[i].file);
	}
}

/* ---------------------------------------------------------------- lines */

static void take_time(struct source *source)
{
	size_t len = strlen(TIME_KEY);
	const char *end;

	if (strncmp(source->line, TIME_KEY, len) != 0)
		return;
	end = strchr(source->line + len, '"');
	if (end && (size_t)(end - source->line) - len < sizeof source->time)
		snprintf(source->time, sizeof source->time, "%.*s",
			 (int)(end - source->line - (ptrdiff_t)len), source->line + len);
}

/* A log that became smaller was moved away and begins anew. */
static void notice_move(const struct source *source)
{
	struct stat info;

	if (fstat(fileno(source->file), &info) == 0 && info.st_size < ftello(source->file))
		rewind(source->file);
	clearerr(source->file);
}

/* True: source->line is the next line. A line whose end is not written yet is read later. */
static bool read_line(struct source *source, bool follow)
{
	off_t began = ftello(source->file);
	ssize_t len = getline(&source->line, &source->size, source->file);

	if (len > 0 && (source->line[len - 1] == '\n' || !follow)) {
		source->line[len - (source->line[len - 1] == '\n')] = '\0';
		take_time(source);
		return true;
	}
	if (len > 0)
		fseeko(source->file, began, SEEK_SET);
	return false;
}

static bool next_line(struct source *source, bool follow)
{
	if (read_line(source, follow && !source->moved))
		return true;
	if (source->moved) {
		FILE *now = fopen(source->path, "re");

		if (!now)
			return false;
		fclose(source->file);
		source->file = now;
		source->moved = false;
		return read_line(source, follow);
	}
	return false;
}

static void print_line(const struct logs *logs, const struct source *source)
{
	if (strcmp(source->time, logs->since) >= 0 && strstr(source->line, logs->request))
		puts(source->line);
}

/* Prints what is there, the oldest line of all sources first, up to this time. */
static void print_until(struct logs *logs, const char *time)
{
	for (;;) {
		struct source *oldest = NULL;

		for (size_t i = 0; i < logs->n; i++) {
			struct source *source = &logs->sources[i];

			if (!source->has_line)
				source->has_line = next_line(source, logs->follow);
			if (source->has_line && (!oldest || strcmp(source->time, oldest->time) < 0))
				oldest = source;
		}
		if (!oldest || strcmp(oldest->time, time) > 0)
			return;
		print_line(logs, oldest);
		oldest->has_line = false;
	}
}

/* A line is written just after its time is taken. Lines of the last moment therefore wait for the
 * next round: another program may still write an older one. */
static void follow(struct logs *logs)
{
	char time[CLOCK_RFC3339_SIZE];

	for (;;) {
		clock_rfc3339(clock_wall_us() - POLL_MS * US_PER_MS, time);
		for (size_t i = 0; i < logs->n; i++)
			notice_move(&logs->sources[i]);
		print_until(logs, time);
		if (fflush(stdout) != 0)
			return;
		tool_pause_ms(POLL_MS);
	}
}

/* ---------------------------------------------------------------- the command */

static int usage(void)
{
	fprintf(stderr, "usage: limitless logs [--dir var] [--request ID] [--service S] "
			"[--since 10m] [--follow]\n");
	return 1;
}

/* "90s", "10m", "2h", "1d" before now. */
static bool parse_since(const char *text, char out[CLOCK_RFC3339_SIZE])
{
	static const struct {
		char unit;
		int64_t seconds;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
	size_t len = strlen(text);
	int64_t n;

	for (size_t i = 0; len > 1 && i < ARRAY_SIZE(units); i++) {
		if (text[len - 1] != units[i].unit ||
		    !text_parse_i64(text, len - 1, 0, SINCE_SECONDS_MAX / units[i].seconds, &n))
			continue;
		clock_rfc3339(clock_wall_us() - n * units[i].seconds * US_PER_S, out);
		return true;
	}
	return false;
}

/* The field as log_write writes it: a quote within a text has a backslash before it, so no other
 * field looks like this one. */
static bool parse_request(const char *text, char *out, size_t size)
{
	int n = snprintf(out, size, "\"request_id\":\"%s\"", text);

	return *text && !strpbrk(text, "\"\\") && n > 0 && (size_t)n < size;
}

static bool parse(struct logs *logs, int argc, char **argv)
{
	static const struct option options[] = {{"dir", required_argument, NULL, 'd'},
						{"request", required_argument, NULL, 'r'},
						{"service", required_argument, NULL, 's'},
						{"since", required_argument, NULL, 't'},
						{"follow", no_argument, NULL, 'f'},
						{NULL, 0, NULL, 0}};
	bool good = true;
	int option;

	logs->dir = "var";
	while (good && (option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'd')
			logs->dir = optarg;
		else if (option == 's')
			logs->service = optarg;
		else if (option == 'f')
			logs->follow = true;
		else if (option == 'r')
			good = parse_request(optarg, logs->request, sizeof logs->request);
		else
			good = option == 't' && parse_since(optarg, logs->since);
	}
	return good && optind == argc;
}

int logs_main(int argc, char **argv)
{
	struct logs *logs = calloc(1, sizeof *logs);
	char folder[TOOL_PATH_MAX];
	struct place place;
	struct error err;
	enum status s;

	ensure(logs);
	if (!parse(logs, argc, argv)) {
		free(logs);
		return usage();
	}
	s = place_find(logs->dir, false, &place, &err);
	if (s == OK) {
		tool_path(folder, "%s/log", place.dir);
		s = open_sources(logs, folder, &err);
	}
	if (s != OK)
		fprintf(stderr, "limitless: %s\n", err.message);
	else if (logs->follow)
		follow(logs);
	else
		print_until(logs, "9999");
	close_sources(logs);
	free(logs);
	return s == OK ? 0 : 1;
}
