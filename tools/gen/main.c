#include "tools/gen/gen.h"

#include <stdio.h>

enum {
	ARENA_CHUNK_BYTES = 1 << 20,
	ARENA_MAX_BYTES = 1 << 28,
	SET_MAX_BYTES = 1 << 26,
};

static void read_file(const char *path, struct buf *buf)
{
	FILE *f = fopen(path, "rb");
	uint8_t *room;
	size_t n;

	if (!f) {
		perror(path);
		exit(1);
	}
	do {
		room = buf_reserve(buf, 65536);
		if (!room) {
			fprintf(stderr, "%s: larger than %d bytes\n", path, SET_MAX_BYTES);
			exit(1);
		}
		n = fread(room, 1, 65536, f);
		buf_commit(buf, n);
	} while (n > 0);
	if (ferror(f)) {
		perror(path);
		exit(1);
	}
	fclose(f);
}

int main(int argc, char **argv)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(ARENA_CHUNK_BYTES, ARENA_MAX_BYTES);
	_cleanup_(buf_done) struct buf bytes;
	struct gen gen = {.arena = arena};

	buf_init(&bytes, SET_MAX_BYTES);
	if (argc != 3) {
		fprintf(stderr, "usage: %s DESCRIPTOR_SET OUTPUT_FOLDER\n", argv[0]);
		return 2;
	}
	gen.out = argv[2];
	read_file(argv[1], &bytes);
	gen.set = google__protobuf__file_descriptor_set__unpack(&arena->allocator, bytes.len,
								bytes.data);
	if (!gen.set) {
		fprintf(stderr, "%s: not a descriptor set\n", argv[1]);
		return 1;
	}
	gen_model(&gen);
	gen_check(&gen);
	if (gen.errors > 0)
		return 1;
	gen_write_rpc(&gen);
	gen_write_reasons(&gen);
	gen_write_json_rules(&gen);
	gen_write_routes(&gen);
	gen_write_descriptors(&gen);
	gen_write_openapi(&gen);
	return 0;
}
