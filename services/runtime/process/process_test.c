/* A process of process_main in a fork: what it says, what it calls, how it ends. */
#include "runtime/process/process.h"

#include "runtime/base/clock.h"
#include "runtime/metrics/metrics.h"
#include "tools/limitless/probe.h"
#include "tools/limitless/tool.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
/* after the four that it needs */
#include <cmocka.h>

#define WAIT_US (30 * US_PER_S)

struct lamp_conf {
	struct process_conf process;
	const char *colour; /* reload */
	int64_t watts;      /* restart */
};

static const struct conf_key lamp_keys[] = {
	PROCESS_KEYS(""),
	{"colour", CONF_TEXT, offsetof(struct lamp_conf, colour), "red", 0, 0, true, "Colour."},
	{"watts", CONF_INTEGER, offsetof(struct lamp_conf, watts), "5", 0, 9, false, "Watts."},
};

METRIC_FAMILY(broken_total) = {
	.name = "lamp_broken_total",
	.help = "Bulbs that broke.",
	.kind = METRIC_COUNTER,
};
METRIC_FAMILY(switched_total) = {
	.name = "lamp_switched_total",
	.help = "By hand.",
	.labels = "hand",
	.kind = METRIC_COUNTER,
};

/* Shared with the fork: the calls of the callbacks, a word each. */
static struct diary {
	atomic_bool dark; /* ready says no */
	atomic_bool fail; /* start fails */
	_Atomic uint64_t files_max;
	_Atomic size_t len;
	char text[1024];
} * diary;

static void note(const char *format, ...)
{
	char word[64];
	va_list args;
	size_t len = atomic_load(&diary->len);

	va_start(args, format);
	vsnprintf(word, sizeof word, format, args);
	va_end(args);
	snprintf(diary->text + len, sizeof diary->text - len, "%s ", word);
	atomic_store(&diary->len, len + strlen(word) + 1);
}

static enum status check(const void *conf, struct error *reterr)
{
	const struct lamp_conf *lamp = conf;

	if (strcmp(lamp->colour, "loud") == 0)
		return error_set(reterr, INVALID_ARGUMENT, "config_invalid", "loud is no colour");
	return OK;
}

static const struct lamp_conf *lamp;

static enum status start(struct process *process, void *ctx, struct error *reterr)
{
	struct rlimit files;

	lamp = process->conf;
	note("start:%s", lamp->colour);
	getrlimit(RLIMIT_NOFILE, &files);
	atomic_store(&diary->files_max, files.rlim_cur);
	return atomic_load(&diary->fail)
		       ? error_set(reterr, UNAVAILABLE, "service_unavailable", "the fuse blew")
		       : OK;
}

static bool ready(const char **ret_why, void *ctx)
{
	*ret_why = "dark\n";
	return !atomic_load(&diary->dark);
}

static enum status take(const void *fresh, void *ctx, struct error *reterr)
{
	const struct lamp_conf *next = fresh;

	note("take:%s", next->colour);
	return strcmp(next->colour, "grey") == 0
		       ? error_set(reterr, INVALID_ARGUMENT, "config_invalid", "grey is dull")
		       : OK;
}

static enum status reload(void *ctx, struct error *reterr)
{
	note("reload:%s/%d", lamp->colour, (int)lamp->watts);
	return OK;
}

static void drain(void *ctx)
{
	note("drain");
}

static void stop(void *ctx)
{
	note("stop");
}

static const struct process_spec spec = {
	.name = "lamp",
	.keys = lamp_keys,
	.n_keys = ARRAY_SIZE(lamp_keys),
	.conf_size = sizeof(struct lamp_conf),
	.check = check,
	.start = start,
	.ready = ready,
	.take = take,
	.reload = reload,
	.drain = drain,
	.stop = stop,
};

/* ---------------------------------------------------------------- around it */

static char directory[64], config[96], output[96], admin[96];
static pid_t pid;

static int set_up(void **state)
{
	snprintf(directory, sizeof directory, "/tmp/limitless-process-XXXXXX");
	assert_non_null(mkdtemp(directory));
	snprintf(config, sizeof config, "%s/lamp.yaml", directory);
	snprintf(output, sizeof output, "%s/output", directory);
	snprintf(admin, sizeof admin, "ipc://%s/a", directory);
	diary = mmap(NULL, sizeof *diary, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	assert_ptr_not_equal(diary, MAP_FAILED);
	return 0;
}

static int tear_down(void **state)
{
	if (pid > 0) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	pid = 0;
	munmap(diary, sizeof *diary);
	tool_remove(directory);
	return 0;
}

static void write_config(const char *more)
{
	char text[1024];
	struct error err;

	snprintf(text, sizeof text, "admin_listen: \"%s\"\n%s", admin, more);
	assert_int_equal(tool_write_file(config, text, 0600, &err), OK);
}

static void begin(int argc, const char *const *argv)
{
	fflush(stdout);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		int file = open(output, O_WRONLY | O_CREAT | O_TRUNC, 0600);
		const struct rlimit few = {256, 512};

		if (dup2(file, STDERR_FILENO) < 0 || dup2(file, STDOUT_FILENO) < 0 ||
		    setrlimit(RLIMIT_NOFILE, &few) != 0)
			_exit(99);
		exit(process_main(&spec, argc, (char **)argv));
	}
}

static void begin_configured(const char *more)
{
	write_config(more);
	begin(3, (const char *const[]){"lamp", "--config", config, NULL});
}

static int wait_exit(void)
{
	int status = 0;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	pid = 0;
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static char *read_output(void)
{
	struct error err;
	char *text;

	assert_int_equal(tool_read_file(output, &text, &err), OK);
	return text;
}

static void wait_output(const char *words)
{
	int64_t end_us = clock_mono_us() + WAIT_US;

	for (;;) {
		_cleanup_(freep) char *text = read_output();

		if (strstr(text, words))
			return;
		if (clock_mono_us() >= end_us)
			fail_msg("no '%s' in: %s", words, text);
		usleep(2000);
	}
}

static void wait_probe(const char *path, bool good)
{
	int64_t end_us = clock_mono_us() + WAIT_US;

	while (probe_ok(admin, path, 1000) != good) {
		assert_true(clock_mono_us() < end_us);
		usleep(2000);
	}
}

/* All of an answer of the admin port. */
static void scrape(const char *path, char *ret, size_t size)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	size_t len = 0;
	ssize_t n;

	snprintf(address.sun_path, sizeof address.sun_path, "%s", admin + strlen("ipc://"));
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
	dprintf(fd, "GET %s HTTP/1.0\r\nHost: localhost\r\n\r\n", path);
	while ((n = read(fd, ret + len, size - 1 - len)) > 0)
		len += (size_t)n;
	ret[len] = '\0';
	close(fd);
}

/* ---------------------------------------------------------------- the tests */

static void it_serves_until_it_is_told_to_end(void **state)
{
	static const int numbers[] = {SIGTERM, SIGINT};

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		atomic_store(&diary->len, 0);
		begin_configured("");
		wait_probe("/readyz", true);
		kill(pid, numbers[i]);
		assert_int_equal(wait_exit(), 0);
		assert_string_equal(diary->text, "start:red drain stop ");
	}
}

static void it_is_ready_when_its_callback_says_so(void **state)
{
	atomic_store(&diary->dark, true);
	begin_configured("");
	wait_probe("/healthz", true);
	assert_false(probe_ok(admin, "/readyz", 1000));
	atomic_store(&diary->dark, false);
	wait_probe("/readyz", true);
}

static void sighup_takes_the_keys_that_may_change(void **state)
{
	begin_configured("");
	wait_probe("/readyz", true);
	write_config("colour: blue\nwatts: 9\n");
	kill(pid, SIGHUP);
	wait_output("\"event\":\"reloaded\"");
	kill(pid, SIGTERM);
	assert_int_equal(wait_exit(), 0);
	assert_string_equal(diary->text, "start:red take:blue reload:blue/5 drain stop ");
}

static void a_refused_file_changes_nothing(void **state)
{
	static const struct {
		const char *more, *words;
	} cases[] = {
		{"color: x\n", "color: unknown key"},
		{"log_level: loud\n", "'loud' is none of debug, info, warn, error"},
		{"colour: loud\n", "loud is no colour"},
		{"colour: grey\n", "grey is dull"},
	};

	begin_configured("");
	wait_probe("/readyz", true);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		write_config(cases[i].more);
		kill(pid, SIGHUP);
		wait_output(cases[i].words);
	}
	write_config("");
	kill(pid, SIGHUP);
	wait_output("\"event\":\"reloaded\"");
	kill(pid, SIGTERM);
	assert_int_equal(wait_exit(), 0);
	assert_string_equal(diary->text, "start:red take:grey take:red reload:red/5 drain stop ");
}

static void what_is_wrong_at_start_is_one_line(void **state)
{
	static const struct {
		const char *more, *line;
		bool fail;
		const char *calls;
	} cases[] = {
		{"log_level: loud\n",
		 "lamp: log_level: 'loud' is none of debug, info, warn, error\n", false, ""},
		{"colour: loud\n", "lamp: loud is no colour\n", false, ""},
		{"", "lamp: the fuse blew\n", true, "start:red stop "},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(freep) char *text = NULL;

		atomic_store(&diary->fail, cases[i].fail);
		begin_configured(cases[i].more);
		assert_int_equal(wait_exit(), 1);
		text = read_output();
		assert_string_equal(text, cases[i].line);
		assert_string_equal(diary->text, cases[i].calls);
	}
}

static void arguments_that_it_does_not_know_are_named_in_one_line(void **state)
{
	static const char *const cases[][2] = {{"--nonsense"}, {"--config"}, {"file"}};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(freep) char *text = NULL;

		begin(2, (const char *const[]){"lamp", cases[i][0], NULL});
		assert_int_equal(wait_exit(), 1);
		text = read_output();
		assert_string_equal(text,
				    "usage: lamp [--config FILE] [--print-config] [--version]\n");
	}
}

static void its_version_can_be_printed(void **state)
{
	_cleanup_(freep) char *text = NULL;

	begin(2, (const char *const[]){"lamp", "--version", NULL});
	assert_int_equal(wait_exit(), 0);
	text = read_output();
	assert_string_equal(text, "lamp test\n");
}

static void its_configuration_can_be_printed(void **state)
{
	_cleanup_(freep) char *text = NULL;

	begin(2, (const char *const[]){"lamp", "--print-config", NULL});
	assert_int_equal(wait_exit(), 0);
	text = read_output();
	for (size_t i = 0; i < ARRAY_SIZE(lamp_keys); i++)
		assert_non_null(strstr(text, lamp_keys[i].key));
}

static void it_takes_all_files_that_it_may_open(void **state)
{
	begin_configured("");
	wait_probe("/readyz", true);
	assert_int_equal(atomic_load(&diary->files_max), 512);
}

/* Nothing was counted yet, and an alert may ask for each family. */
static void its_metrics_are_there_from_the_start(void **state)
{
	static const char *const parts[] = {
		"# TYPE lamp_broken_total counter\nlamp_broken_total 0\n",
		"# HELP lamp_switched_total By hand.\n# TYPE lamp_switched_total counter\n",
		"\nhttp_connections_evicted_total 0\n",
		"\nprocess_open_fds ",
	};
	char text[16384];

	begin_configured("");
	wait_probe("/readyz", true);
	scrape("/metrics", text, sizeof text);
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (!strstr(text, parts[i]))
			fail_msg("no '%s' in: %s", parts[i], text);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(it_serves_until_it_is_told_to_end),
		TEST(it_is_ready_when_its_callback_says_so),
		TEST(sighup_takes_the_keys_that_may_change),
		TEST(a_refused_file_changes_nothing),
		TEST(what_is_wrong_at_start_is_one_line),
		TEST(arguments_that_it_does_not_know_are_named_in_one_line),
		TEST(its_version_can_be_printed),
		TEST(its_configuration_can_be_printed),
		TEST(its_metrics_are_there_from_the_start),
		TEST(it_takes_all_files_that_it_may_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
