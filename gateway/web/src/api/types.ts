// Short names for the shapes of openapi.json.
import type { components } from "./schema";

type Schemas = components["schemas"];

export type User = Schemas["User"];
export type Session = Schemas["Session"];
export type Chat = Schemas["Chat"];
export type Project = Schemas["Project"];
export type ProjectPrompt = Schemas["ProjectPrompt"];
export type Template = Schemas["Template"];
export type TemplateField = Schemas["TemplateField"];
export type Share = Schemas["Share"];
export type ShareAudience = "EVERYBODY" | "SIGNED_IN";
export type SharedChat = Schemas["SharedChat"];
export type Message = Schemas["Message"];
export type GenerationError = Schemas["GenerationError"];
export type Accepted = Schemas["Accepted"];
export type Usage = Schemas["ChatUsage"];
export type Done = Schemas["Done"];
export type Model = Schemas["Model"];
export type ModelGroup = Schemas["ModelGroup"];
export type Balance = Schemas["Balance"];
export type Transaction = Schemas["Transaction"];
export type Budget = Schemas["Budget"];
export type Plan = Schemas["Plan"];
export type Subscription = Schemas["Subscription"];
export type Package = Schemas["Package"];
export type ProviderKey = Schemas["ProviderKey"];
export type Payment = Schemas["Payment"];
export type UsageList = Schemas["ListUsageResponse"];
export type TokenUsage = Schemas["TokenUsage"];
export type ModelDay = Schemas["ModelDay"];
export type UsageRow = Schemas["UsageRow"];
export type UsageBy = "MODEL" | "USER" | "KEY" | "DAY" | "PROVIDER";
export type DeadLetter = Schemas["DeadLetter"];
export type Import = Schemas["Import"];
export type ImportItem = Schemas["ImportItem"];
export type TokenFactor = Schemas["TokenFactor"];
