// The one way to the server. openapi.json types it, cookies sign it in, and it fails with a Problem.
import createClient from "openapi-fetch";
import { problemOf } from "@/api/problem";
import type { paths } from "@/api/schema";
import { sessionFetch } from "./session";

export const api = createClient<paths>({ baseUrl: location.origin, fetch: sessionFetch });

export interface Answer<T> {
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
