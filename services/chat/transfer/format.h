/* The name of our own export's format, in each chat of it. */
#ifndef CHAT_TRANSFER_FORMAT_H
#define CHAT_TRANSFER_FORMAT_H

#define TRANSFER_FORMAT "limitless-chat/1"

#endif
