// Short names for the shapes of openapi.json.
import type { components } from "./schema";

type Schemas = components["schemas"];

export type User = Schemas["auth.v1.User"];
export type Session = Schemas["auth.v1.Session"];
export type Chat = Schemas["chat.v1.Chat"];
export type Message = Schemas["chat.v1.Message"];
export type GenerationError = Schemas["chat.v1.GenerationError"];
export type Accepted = Schemas["chat.v1.Accepted"];
export type Usage = Schemas["chat.v1.Usage"];
export type Done = Schemas["chat.v1.Done"];
export type Model = Schemas["chat.v1.Model"];
export type Balance = Schemas["credits.v1.Balance"];
export type Transaction = Schemas["credits.v1.Transaction"];
export type Package = Schemas["payments.v1.Package"];
