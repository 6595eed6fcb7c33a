/* Which build a program is: its `--version`, the metric build_info, and its first log line. */
#ifndef RUNTIME_BASE_VERSION_H
#define RUNTIME_BASE_VERSION_H

extern const char version_number[]; /* of the file VERSION: "0.2.0" */
extern const char
	version_commit[]; /* "1dea512a93", "1dea512a93-dirty" of a changed tree; "": no git */
extern const char version_text[]; /* both: "0.2.0+1dea512a93" */

#endif
