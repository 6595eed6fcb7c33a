/* `chat --test-providers [NAME]`, which `limitless providers test` runs. */
#ifndef CHAT_ASK_PROVIDERS_H
#define CHAT_ASK_PROVIDERS_H

#include <stdbool.h>

/* Whether the arguments ask for it. */
bool ask_providers_wanted(int argc, char **argv);
/* Asks the providers of the configuration with each of their keys and prints the verdicts. Returns
 * the exit code: 1 when one of them failed. */
int ask_providers(int argc, char **argv);

#endif
