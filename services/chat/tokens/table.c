/* The file: "LCTOKENS"; then in 32 bits the version, the number of sections, the size of the file
 * and the CRC-32 of all that follows; then place and size of each section in 64 bits; then the
 * sections. All numbers are little-endian. */
#include "chat/tokens/table.h"

#include "runtime/base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define MAGIC "LCTOKENS"
#define VERSION 2
#define FILE_BYTES_MAX (256 << 20)
#define CHUNK_BYTES 65536
#define REGION_BYTES 16384 /* a multiple of a page */
#define PAGES (0x110000 / TOKENS_PAGE)

/* Sections: the two of the classes, then these of each vocabulary. */
enum {
	PART_NODES,
	PART_PREFIX,
	PART_SPLIT,
	PART_PAIRS,
	PART_FILTER,
	PART_LENGTH,
	PARTS,
};
#define SECTIONS (2 + PARTS * TOKENS_ENCODINGS)

struct header {
	char magic[8];
	uint32_t version;
	uint32_t sections;
	uint32_t size;
	uint32_t crc; /* of all that follows */
};
struct section {
	uint64_t at;
	uint64_t size;
};

static enum status bad(const char *path, const char *what, struct error *reterr)
{
	return error_set(reterr, INVALID_ARGUMENT, "config_invalid",
			 "%s: %s; `make tokens` makes it", path, what);
}

/* Reads without the map: pages that nobody counts with stay out of the process. */
static bool intact(int fd, uint32_t size, uint32_t crc)
{
	unsigned char chunk[CHUNK_BYTES];
	uLong sum = crc32(0, NULL, 0);
	off_t at = sizeof(struct header);

	while (at < (off_t)size) {
		ssize_t n = pread(fd, chunk, sizeof chunk, at);

		if (n <= 0)
			return false;
		sum = crc32(sum, chunk, (uInt)n);
		at += n;
	}
	return sum == crc;
}

static const char *fault(int fd, const struct stat *st, struct header *header)
{
	if (__BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__)
		return "tables are for little-endian machines";
	if (!S_ISREG(st->st_mode) || st->st_size > FILE_BYTES_MAX ||
	    pread(fd, header, sizeof *header, 0) != sizeof *header ||
	    memcmp(header->magic, MAGIC, sizeof header->magic) != 0)
		return "it is no file of token tables";
	if (header->version != VERSION || header->sections != SECTIONS)
		return "its token tables are of another version";
	if (header->size != st->st_size)
		return "it is cut off or too long";
	return intact(fd, header->size, header->crc) ? NULL : "its checksum is wrong";
}

static bool in_file(const struct section *sections, size_t size)
{
	for (size_t i = 0; i < SECTIONS; i++) {
		if (sections[i].at % 8 != 0 || sections[i].at > size ||
		    sections[i].size > size - sections[i].at || sections[i].size == 0)
			return false;
	}
	return true;
}

/* False: sizes do not fit each other. */
static bool find_vocabulary(const char *map, const struct section *parts,
			    struct tokens_vocabulary *ret)
{
	size_t n = parts[PART_LENGTH].size, slots = parts[PART_PAIRS].size / sizeof *ret->pairs;
	size_t bits = parts[PART_FILTER].size * 8;

	*ret = (struct tokens_vocabulary){
		.nodes = (const void *)(map + parts[PART_NODES].at),
		.prefix = (const void *)(map + parts[PART_PREFIX].at),
		.split = (const void *)(map + parts[PART_SPLIT].at),
		.pairs = (const void *)(map + parts[PART_PAIRS].at),
		.pairs_mask = (uint32_t)(slots - 1),
		.filter = (const void *)(map + parts[PART_FILTER].at),
		.filter_mask = (uint32_t)(bits - 1),
		.length = (const void *)(map + parts[PART_LENGTH].at),
	};
	return parts[PART_PREFIX].size == n * sizeof *ret->prefix &&
	       parts[PART_SPLIT].size == n * sizeof *ret->split && slots > n &&
	       (slots & (slots - 1)) == 0 && (bits & (bits - 1)) == 0 &&
	       parts[PART_NODES].size % sizeof *ret->nodes == 0;
}

static bool find_sections(struct tokens_table *table)
{
	const char *map = table->map;
	const struct section *sections = (const void *)(map + sizeof(struct header));

	if (table->size < sizeof(struct header) + SECTIONS * sizeof *sections ||
	    !in_file(sections, table->size))
		return false;
	table->pages = (const void *)(map + sections[0].at);
	table->blocks = (const void *)(map + sections[1].at);
	if (sections[0].size != PAGES * sizeof *table->pages)
		return false;
	for (size_t i = 0; i < PAGES; i++) {
		if (table->pages[i] >= sections[1].size / TOKENS_PAGE)
			return false;
	}
	for (size_t i = 0; i < TOKENS_ENCODINGS; i++) {
		if (!find_vocabulary(map, sections + 2 + i * PARTS, &table->vocabularies[i]))
			return false;
	}
	return true;
}

/* Around a page that is touched the kernel maps others of the file, 64 KiB in all, but none beyond
 * the region. Ordinary texts touch a few pages here and there. So the map is made of small regions:
 * neighbours with the same advice would be one. It is advice, so nothing is lost where it fails. */
static void keep_regions_small(const struct tokens_table *table)
{
	char *map = table->map;

	for (size_t at = 0; at + REGION_BYTES <= table->size; at += (size_t)2 * REGION_BYTES)
		madvise(map + at, REGION_BYTES, MADV_RANDOM);
}

enum status tokens_table_open(const char *path, struct tokens_table *ret, struct error *reterr)
{
	_cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct tokens_table table = {0};
	struct header header;
	const char *what;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0)
		return bad(path, strerror(errno), reterr);
	what = fault(fd, &st, &header);
	if (what)
		return bad(path, what, reterr);
	table.size = (size_t)st.st_size;
	table.map = mmap(NULL, table.size, PROT_READ, MAP_SHARED, fd, 0);
	if (table.map == MAP_FAILED)
		return bad(path, strerror(errno), reterr);
	if (!find_sections(&table)) {
		tokens_table_close(&table);
		return bad(path, "its sections do not fit each other", reterr);
	}
	keep_regions_small(&table);
	*ret = table;
	return OK;
}

void tokens_table_close(struct tokens_table *table)
{
	if (table->map)
		munmap(table->map, table->size);
	*table = (struct tokens_table){0};
}
