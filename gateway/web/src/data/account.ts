// The user who is signed in, and the calls that begin and end a session.
import { useQuery } from "@tanstack/react-query";
import { problemOf } from "@/api/problem";
import type { Session, User } from "@/api/types";
import { cache } from "./cache";
import { type Answer, api, ask } from "./client";
import { keys } from "./keys";
import { markInUse, type Opened } from "./session";

/** The profile seldom changes. In milliseconds. */
const PROFILE_FRESH_MS = 10 * 60_000;

export function useMe() {
  return useQuery({
    queryKey: keys.me,
    queryFn: async ({ signal }) => {
      const me = await ask(api.GET("/api/v1/auth/me", { signal }));
      markInUse();
      return me;
    },
    staleTime: PROFILE_FRESH_MS,
  });
}

export function showMe(user: User): void {
  cache.setQueryData<User>(keys.me, user);
}

/** Asks for everything anew, after the same user logged in again. */
export function refreshData(): void {
  void cache.invalidateQueries();
}

/** For another user who logged in over the page. */
export function forgetDataButMe(): void {
  cache.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== keys.me[0] });
}

export function forgetData(): void {
  cache.clear();
}

export function logIn(email: string, password: string): Promise<Opened> {
  return opened(api.POST("/api/v1/auth/login", { body: { email, password } }));
}

export function signUp(email: string, password: string, displayName: string): Promise<Opened> {
  return opened(api.POST("/api/v1/auth/signup", { body: { email, password, displayName } }));
}

async function opened(call: Promise<Answer<Session>>): Promise<Opened> {
  const { data, error, response } = await call;
  if (!data) throw problemOf(error, response);
  return { answer: data, response };
}

export async function endSession(everywhere: boolean): Promise<void> {
  await ask(api.POST("/api/v1/auth/logout", { body: { everywhere } }));
}
