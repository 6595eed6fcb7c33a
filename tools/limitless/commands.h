/* The subcommands. Each gets its own name as argv[0] and returns the exit code. */
#ifndef TOOLS_LIMITLESS_UP_H
#define TOOLS_LIMITLESS_UP_H

int up_main(int argc, char **argv);
int down_main(int argc, char **argv);
int status_main(int argc, char **argv);
int logs_main(int argc, char **argv);
int migrate_main(int argc, char **argv);
int psql_main(int argc, char **argv);
int credits_main(int argc, char **argv);
int providers_main(int argc, char **argv);
int prices_main(int argc, char **argv);
int keys_main(int argc, char **argv);

#endif
