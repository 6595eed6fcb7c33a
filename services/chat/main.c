/* The chat service's process. */
#include "chat/ask_providers.h"
#include "chat/chat.h"

int main(int argc, char **argv)
{
	return ask_providers_wanted(argc, argv) ? ask_providers(argc, argv)
						: chat_serve(argc, argv);
}
