#include "runtime/base/memory.h"

#include "runtime/base/cleanup.h"

#include <link.h>
#include <malloc.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#define HEAPS 2
#define LARGE_BYTES (64 * 1024)

void memory_thrifty(void)
{
	/* glibc raises the second by itself, to the size of the largest block that was freed. */
	mallopt(M_ARENA_MAX, HEAPS);
	mallopt(M_MMAP_THRESHOLD, LARGE_BYTES);
	mallopt(M_TRIM_THRESHOLD, LARGE_BYTES);
}

/* Segments that nobody may write are files, unchanged: their pages can be mapped again. */
static int trim_object(struct dl_phdr_info *object, _unused_ size_t size, _unused_ void *ctx)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

	for (int i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
		uintptr_t start = object->dlpi_addr + segment->p_vaddr;
		uintptr_t first = start / page * page;

		/* Advice: where it cannot be taken nothing is lost. */
		if (segment->p_type == PT_LOAD && !(segment->p_flags & PF_W))
			/* NOLINTNEXTLINE(performance-no-int-to-ptr): the linker gives numbers */
			madvise((void *)first, start + segment->p_memsz - first, MADV_DONTNEED);
	}
	return 0;
}

void memory_trim_start(void)
{
	dl_iterate_phdr(trim_object, NULL);
}
