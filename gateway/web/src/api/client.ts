// The one way to the server: typed by openapi.json, signed in by cookies, failing with Problem.
import createClient from "openapi-fetch";
import { sessionFetch } from "@/session/session";
import { problemOf } from "./problem";
import type { paths } from "./schema";

export const api = createClient<paths>({ baseUrl: location.origin, fetch: sessionFetch });

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The answer's data, or a thrown Problem. */
export async function ask<T>(call: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await call;
  if (!response.ok) throw problemOf(error, response);
  return data as T;
}
