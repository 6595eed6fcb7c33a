/* The description of the API, which tools/gen makes from the same protos as the routes. It is part
 * of the program, so the two cannot differ. */
#include "gateway/gateway.h"

__asm__(".section .rodata\n"
	".global openapi_text\n"
	"openapi_text:\n"
	".incbin \"build/gen/openapi.json\"\n"
	"openapi_end:\n"
	".byte 0\n"
	".balign 8\n"
	".global openapi_len\n"
	"openapi_len:\n"
	".quad openapi_end - openapi_text\n"
	".previous\n");
