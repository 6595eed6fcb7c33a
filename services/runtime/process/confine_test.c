#include "runtime/base/cleanup.h"
#include "runtime/base/sanitizer.h"
#include "runtime/process/confine.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include <cmocka.h>

static bool refuses(long returned)
{
	return returned == -1 && errno == EPERM;
}

static void *try_in_a_thread(void *ctx)
{
	char *const args[] = {(char *)"true", NULL};

	*(bool *)ctx = refuses(execv("/bin/true", args));
	return NULL;
}

/* In a fork: how many of the tries below went through; 99: there is no confinement here. */
static int count_allowed(void)
{
	const struct timespec now = {0};
	bool refused_in_thread = false;
	int allowed = 0, ends[2];
	pthread_t thread;
	char byte = 'x';

	if (!confine_process())
		return 99;
	allowed += !refuses(execl("/bin/true", "true", NULL));
	allowed += !refuses(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
	allowed += !refuses(mount("none", "/tmp", "tmpfs", 0, NULL));
	allowed += !refuses(syscall(SYS_bpf, 0, NULL, 0));
	allowed += !refuses(syscall(SYS_kexec_load, 0, 0, NULL, 0));
	allowed += !refuses(syscall(SYS_unshare, 0));
	allowed += !refuses(clock_settime(CLOCK_REALTIME, &now));
	allowed += !refuses(syscall(SYS_setdomainname, "x", 1L)); /* the last of the list */
#ifdef __x86_64__
	allowed += !refuses(syscall(0x40000000 | SYS_getpid));
#endif
	/* A server's own work goes on, in new threads too. */
	if (pthread_create(&thread, NULL, try_in_a_thread, &refused_in_thread) != 0)
		return 98;
	pthread_join(thread, NULL);
	if (pipe(ends) != 0 || write(ends[1], &byte, 1) != 1 || read(ends[0], &byte, 1) != 1)
		return 97;
	return allowed + !refused_in_thread;
}

static void a_server_only_serves(void **state)
{
	int status;
	pid_t pid;

#if SANITIZER_ADDRESS || SANITIZER_THREAD
	assert_false(confine_process()); /* their tools need what it refuses */
	return;
#endif
	fflush(stdout);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(count_allowed());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(a_server_only_serves)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
