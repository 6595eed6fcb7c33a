/* Runs a fuzz target over the files of folders, for `make test`: libFuzzer's main is clang's. */
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_BYTES_MAX (1024 * 1024)

static void replay(const char *folder, const char *name)
{
	static uint8_t data[INPUT_BYTES_MAX];
	char path[4096];
	FILE *file;
	size_t len;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	file = fopen(path, "r");
	if (!file) {
		perror(path);
		exit(1);
	}
	len = fread(data, 1, sizeof data, file);
	fclose(file);
	fprintf(stderr, "%s\n", path); /* a crash follows the name of its file */
	LLVMFuzzerTestOneInput(data, len);
}

int main(int argc, char **argv)
{
	int n = 0;

	for (int i = 1; i < argc; i++) {
		DIR *folder = opendir(argv[i]);
		const struct dirent *entry;

		while (folder && (entry = readdir(folder))) {
			if (entry->d_name[0] == '.')
				continue;
			replay(argv[i], entry->d_name);
			n++;
		}
		if (folder)
			closedir(folder);
	}
	printf("%s 1 - %d inputs replayed\n1..1\n", n > 0 ? "ok" : "not ok", n);
	return n > 0 ? 0 : 1;
}
