/* The processes under test: started with a configuration of their own, killed, started again. */
#include "chat_test.h"
#include "tools/limitless/probe.h"
#include "tools/limitless/tool.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static struct process {
	const char *name;
	const char *binary;
	pid_t pid;
	char url[128], admin[128], config[128], output[128];
} processes[N_PROCESSES] = {
	[STANDIN] = {.name = "standin", .binary = "standin"},
	[CREDITS] = {.name = "credits", .binary = "credits"},
	[CHAT_A] = {.name = "chat-a", .binary = "chat"},
	[CHAT_B] = {.name = "chat-b", .binary = "chat"},
	[CHAT_C] = {.name = "chat-c", .binary = "chat"},
	[CHAT_D] = {.name = "chat-d", .binary = "chat"},
};

static char directory[64];
static int standin_port;
static pid_t owner;

#define CHAT_A_IDLE "1s"
#define CHAT_B_IDLE "60s"
#define SHORT_WAITS "queue: {waits: {first: 300ms, second: 100ms, third: 100ms, fourth: 100ms}}\n"

/* A model whose tokenizer no other model has. */
#define LEARNT(id)                                                                        \
	"  - {id: " id ", name: Learnt, provider: Demo, window: 20000, max_output: 4096," \
	" modalities: [text], price: {}, free: true, tokenizer: " id                      \
	", upstream: {openai: learnt}}\n"

/* %s: credits a message of the model `plain`. */
#define MODELS                                                                                     \
	"models:\n"                                                                                \
	"  - {id: plain, name: Plain, provider: Demo, window: 8192, max_output: 4096,"             \
	" modalities: [text], price: {per_message: %s}}\n"                                         \
	"  - {id: vectors, kind: embedding, name: Vectors, provider: Demo, window: 8192,"          \
	" dimensions: 3072, modalities: [text], price: {input_per_1k: 100}}\n"                     \
	"  - {id: metered, name: Metered, provider: Demo, window: 65536, max_output: 1000,"        \
	" modalities: [text], price: {per_message: 1, input_per_1k: 1, output_per_1k: 5}}\n"       \
	"  - {id: free, name: Free, provider: Demo, window: 8192, max_output: 4096,"               \
	" modalities: [text], price: {}, free: true}\n"                                            \
	"  - {id: dear, name: Dear, provider: Demo, window: 8192, max_output: 4096,"               \
	" modalities: [text, image], price: {per_message: 1000}}\n"                                \
	"  - {id: narrow, name: Narrow, provider: Demo, window: 1024, max_output: 256,"            \
	" modalities: [text], price: {per_message: 2}}\n"                                          \
	"  - {id: keyed, name: Keyed, provider: Demo, window: 8192, max_output: 4096,"             \
	" modalities: [text], price: {per_message: 2}, upstream: {openai: gpt-keyed}}\n"           \
	"  - {id: single, name: Single, provider: Demo, window: 8192, max_output: 4096,"           \
	" modalities: [text], price: {per_message: 2}, upstream: {openrouter: one, demo: \"\"}}\n" \
	"  - {id: rented, name: Rented, provider: Demo, window: 8192, max_output: 4096,"           \
	" modalities: [text], price: {per_message: 2}, upstream: {rented: r, demo: \"\"}}\n"       \
	"  - {id: endless, name: Endless, provider: Demo, window: 400000, max_output: 200000,"     \
	" modalities: [text], price: {}, free: true}\n"                                            \
	"  - {id: picky, name: Picky, provider: Demo, window: 8192, max_output: 4096,"             \
	" modalities: [text], price: {}, free: true}\n"                                            \
	"  - {id: newer, name: Newer, provider: Demo, window: 8192, max_output: 4096,"             \
	" modalities: [text], price: {}, free: true, parameters: {temperature: false,"             \
	" max_tokens: max_completion_tokens, stream_options: false}}\n"                            \
	"  - {id: spare, name: Spare, provider: Demo, window: 8192, max_output: 4096,"             \
	" modalities: [text], price: {per_message: 2}, upstream: {openai: gpt-spare}}\n"           \
	"  - {id: backed, name: Backed, provider: Demo, window: 8192, max_output: 4096,"           \
	" modalities: [text], price: {per_message: 7}, fallback: [elsewhere, narrow, "             \
	"plain]}\n" LEARNT("learnt") LEARNT("learnt-high") LEARNT("learnt-low")                    \
		LEARNT("learnt-shared") "  - {id: elsewhere, name: Elsewhere, provider: Nobody, "  \
					"window: 8192, max_output: 4096,"                          \
					" modalities: [text], price: {per_message: 2}, upstream: " \
					"{demo: \"\"}}\n"

/* A port that was free a moment ago. */
static int free_port(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ensure(fd >= 0 && bind(fd, (struct sockaddr *)&address, len) == 0);
	ensure(getsockname(fd, (struct sockaddr *)&address, &len) == 0);
	close(fd);
	return ntohs(address.sin_port);
}

static void write_file(const char *path, const char *text)
{
	struct error err;

	if (tool_write_file(path, text, 0600, &err) != OK)
		fail_msg("%s", err.message);
}

static void write_credits(const struct process *process)
{
	char text[8192];

	snprintf(text, sizeof text,
		 "listen: [\"%s\"]\nadmin_listen: \"%s\"\nworkers: 4\ndrain: 5s\n"
		 "page_secret: the secret of these tests\n"
		 "backends: {chat: \"%s\"}\nevents: chat\n"
		 "sweep: {interval: 100ms}\ndatabase:\n  dsn: \"%s\"\n  wait: 30s\n",
		 process->url, process->admin, processes[CHAT_A].url, pg_dsn("credits_app"));
	write_file(process->config, text);
}

/* Short times; the lease is long enough for a replica on a busy machine. idle: how long a provider
 * may be silent. providers: YAML of more of them. */
static void write_chat(const struct process *process, const char *idle, const char *providers)
{
	char text[8192];

	snprintf(
		text, sizeof text,
		"listen: [\"%s\"]\nadmin_listen: \"%s\"\nworkers: 4\ndrain: 5s\n"
		"page_secret: the secret of these tests\nbackoff_initial: 20ms\nbackoff_max: "
		"200ms\nstream_queue_bytes: 64KiB\n"
		"models: \"%s/models.yaml\"\nbackends: {credits: \"%s\"}\n"
		"list_prices: {file: \"%s/list.csv\", credits_per_unit: \"100\"}\n"
		"engine: {workers: 2, generations_max: 20}\n"
		"titles: {model: titler, timeout: 2s}\n"
		"search: {index_every: 20ms}\ntokens: {learn: 100ms}\nusage: {rollup: 50ms, "
		"rollup_timeout: 3s}\n"
		"api: {calls_per_user: 5, calls_per_key: 3, body_bytes_max: 1MiB, memory_per_user: "
		"4MiB, "
		"vectors_bytes_max: "
		"4MiB}\n"
		"lease: 2s\nhold_margin: 15s\ncheckpoint: 50ms\nsweep: 100ms\nfollow: "
		"50ms\nwatch_stall: 1s\n"
		"provider_keys: {master_key: \"0123456789abcdef0123456789abcdef\", sync: 100ms}\n"
		"quick_tries: {pause: 20ms, within: 5s}\n"
		"%s"
		"imports: {lease: 5s, slice: 200ms}\n"
		"shares: {per_user: 3, messages_max: 120, bytes_max: 64KiB, bytes_per_user: "
		"100KiB}\n"
		"provider_calls: {vectors_bytes_max: 1MiB, idle_timeout: %s, "
		"first_byte_timeout_local: 5s, usage_wait: "
		"300ms, validate_timeout: 3s, validate_all_timeout: 4s}\n"
		"providers:\n"
		"  - {name: openrouter, base_url: \"http://127.0.0.1:%d/v1\", discover: \"false\", "
		"keys: single}\n"
		"  - {name: openai, base_url: \"http://127.0.0.1:%d/v1\", discover: \"false\", "
		"keys: \"one,two\"}\n"
		"  - {name: rented, base_url: \"http://127.0.0.1:%d/v1\", discover: \"false\"}\n"
		"  - {name: demo, api: demo, base_url: \"http://127.0.0.1:%d/v1\", keys: demo}\n"
		"%s"
		"database:\n  dsn: \"%s options='-c test.replica=%s'\"\n  wait: 30s\n"
		"  worker_dsn: \"%s options='-c test.replica=%s'\"\n",
		process->url, process->admin, directory, processes[CREDITS].url, directory,
		process < &processes[CHAT_C] ? SHORT_WAITS : "", idle, standin_port, standin_port,
		standin_port, standin_port, providers, pg_dsn("chat_app"), process->name,
		pg_dsn("chat_worker"), process->name);
	write_file(process->config, text);
}

static void write_models(const char *plain_price, const char *more)
{
	char text[16384], path[128];
	int n = snprintf(text, sizeof text, MODELS, plain_price);

	snprintf(text + n, sizeof text - (size_t)n, "%s", more);
	snprintf(path, sizeof path, "%s/models.yaml", directory);
	write_file(path, text);
}

void process_write_models(const char *plain_price)
{
	write_models(plain_price, "");
}

void process_write_list(const char *rows)
{
	char path[128];

	snprintf(path, sizeof path, "%s/list.csv", directory);
	write_file(path, rows);
}

void process_write_more(const char *providers, const char *models)
{
	write_chat(&processes[CHAT_A], CHAT_A_IDLE, providers);
	write_chat(&processes[CHAT_B], CHAT_B_IDLE, providers);
	write_models("2", models);
}

int process_standin_port(void)
{
	return standin_port;
}

/* Line by line: a log of the whole suite has many megabytes. */
bool process_said(enum process_name name, const char *words)
{
	FILE *log = fopen(processes[name].output, "r");
	_cleanup_(freep) char *line = NULL;
	size_t size = 0;
	bool said = false;

	ensure(log);
	while (!said && getline(&line, &size, log) >= 0)
		said = strstr(line, words);
	fclose(log);
	return said;
}

static void write_all(void)
{
	char text[512];

	standin_port = free_port();

	for (size_t i = 0; i < N_PROCESSES; i++) {
		struct process *p = &processes[i];

		snprintf(p->url, sizeof p->url, "ipc://%s/%s", directory, p->name);
		snprintf(p->admin, sizeof p->admin, "ipc://%s/%s.admin", directory, p->name);
		snprintf(p->config, sizeof p->config, "%s/%s.yaml", directory, p->name);
		snprintf(p->output, sizeof p->output, "%s/%s.log", directory, p->name);
	}
	snprintf(processes[STANDIN].url, sizeof processes[STANDIN].url, "tcp://127.0.0.1:%d",
		 standin_port);
	snprintf(processes[STANDIN].admin, sizeof processes[STANDIN].admin, "%s",
		 processes[STANDIN].url);
	process_write_models("2");
	process_write_list("model,dimension,from_prompt_tokens,price,currency\n");
	snprintf(text, sizeof text,
		 "listen: [\"%s\"]\npace: 0\nfirst_token: 0s\nlog_level: warn\n"
		 "control_token: " STANDIN_TOKEN "\n",
		 processes[STANDIN].url);
	write_file(processes[STANDIN].config, text);
	write_credits(&processes[CREDITS]);
	write_chat(&processes[CHAT_A], CHAT_A_IDLE, "");
	write_chat(&processes[CHAT_B], CHAT_B_IDLE, "");
	write_chat(&processes[CHAT_C], CHAT_B_IDLE, "");
	write_chat(&processes[CHAT_D], CHAT_B_IDLE, "");
}

/* The binary of the same build as this program. */
static void binary_path(const char *name, char out[PATH_MAX])
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

	ensure(n > 0);
	self[n] = '\0';
	snprintf(out, PATH_MAX, "%s/../../bin/%s", dirname(self), name);
}

static void run(const struct process *process, const char *path)
{
	int output = open(process->output, O_WRONLY | O_CREAT | O_APPEND, 0600);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (dup2(output, STDERR_FILENO) >= 0)
		execl(path, process->binary, "--config", process->config, NULL);
	_exit(127);
}

void process_start(enum process_name name)
{
	struct process *process = &processes[name];
	const char *look = name == STANDIN ? "/v1/models" : "/readyz";
	int64_t end_us = clock_mono_us() + WAIT_US;
	char path[PATH_MAX];

	binary_path(process->binary, path);
	process->pid = fork();
	ensure(process->pid >= 0);
	if (process->pid == 0)
		run(process, path);
	while (!probe_ok(process->admin, look, 1000)) {
		if (waitpid(process->pid, NULL, WNOHANG) != 0 || clock_mono_us() > end_us)
			fail_msg("%s does not start: see %s", process->name, process->output);
		usleep(2000);
	}
}

void process_kill(enum process_name name, int signal_number)
{
	struct process *process = &processes[name];

	kill(process->pid, signal_number);
	if (signal_number != SIGKILL)
		return;
	waitpid(process->pid, NULL, 0);
	process->pid = 0;
}

static void show(const struct process *process)
{
	_cleanup_(freep) char *text = NULL;
	struct error err;
	size_t len;

	if (tool_read_file(process->output, &text, &err) != OK)
		return;
	len = strlen(text);
	fprintf(stderr, "%s:\n%s\n", process->name, len > 8000 ? text + len - 8000 : text);
}

int process_stop(enum process_name name)
{
	struct process *process = &processes[name];
	int status = 0;

	if (process->pid <= 0)
		return 0;
	kill(process->pid, SIGTERM);
	waitpid(process->pid, &status, 0);
	process->pid = 0;
	if (status != 0)
		show(process);
	return status;
}

const char *process_url(enum process_name name)
{
	return processes[name].url;
}

const char *process_directory(void)
{
	return directory;
}

static void kill_all(void)
{
	if (getpid() != owner)
		return;
	for (size_t i = 0; i < N_PROCESSES; i++) {
		if (processes[i].pid > 0)
			process_kill((enum process_name)i, SIGKILL);
	}
	if (!getenv("KEEP")) /* the logs, to look at */
		tool_remove(directory);
}

int stage_group_set_up(void **state)
{
	(void)state;
	if (directory[0])
		return 0;
	owner = getpid();
	pg_start();
	pg_migrate("credits");
	pg_migrate("chat");
	snprintf(directory, sizeof directory, "/tmp/limitless-chat-XXXXXX");
	ensure(mkdtemp(directory));
	atexit(kill_all);
	write_all();
	process_start(STANDIN);
	process_start(CREDITS);
	process_start(CHAT_A);
	process_start(CHAT_B);
	return 0;
}

int stage_stop(void)
{
	int bad = 0;

	for (size_t i = N_PROCESSES; i-- > 0;) {
		if (process_stop((enum process_name)i) != 0) {
			fprintf(stderr, "%s ended badly\n", processes[i].name);
			bad++;
		}
	}
	return bad;
}
