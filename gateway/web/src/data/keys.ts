// The keys of the cache.
export const keys = {
  me: ["me"],
  models: ["models"],
  balance: ["balance"],
  transactions: ["transactions"],
  budgets: ["budgets"],
  packages: ["packages"],
  vouchers: ["vouchers"],
  payments: ["payments"],
  queue: ["queue"],
  deadLetters: ["dead-letters"],
  payment: (payment: string) => ["payment", payment],
  chats: ["chats"],
  chatList: (archived: boolean) => ["chats", archived ? "archived" : "current"],
  titles: (archived: boolean) => ["chats", "titles", archived],
  chat: (chat: string) => ["chat", chat],
  messages: (chat: string) => ["messages", chat],
} as const;
