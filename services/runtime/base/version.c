/* For test programs, which a new commit does not link anew. A program is linked with the object that
 * the Makefile writes, so the linker leaves this one in its archive. */
#include "runtime/base/version.h"

const char version_number[] = "test";
const char version_commit[] = "";
const char version_text[] = "test";
