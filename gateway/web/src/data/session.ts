// Whether somebody is signed in. Scripts cannot read the tokens, which are in cookies: the page knows only when they end.
import { Problem, problemOf, toProblem } from "@/api/problem";
import type { Session } from "@/api/types";
import { oneTabAtATime } from "@/lib/lock";
import { recall, remember } from "@/lib/storage";
import { createStore } from "@/lib/store";

/** "ended": the session was lost while the page was in use, and the page keeps what is on it. */
type SessionState = "in" | "out" | "ended";

/** Storage key of the time when the access token ends (RFC 3339). While it is there, the browser counts as signed in. */
const EXPIRY = "session";

/** The token is renewed this long before it ends, so that no request fails first. In milliseconds. */
const EARLY_MS = 30_000;

export const session = createStore<SessionState>(recall(EXPIRY) ? "in" : "out");

/** Set once the page showed data of the user. From then on a lost session is "ended" and not "out". */
let inUse = false;

export function markInUse(): void {
  inUse = true;
}

/** Storage key of the last user's id. */
const USER = "user";

/** The browser's last user was another one, so its drafts and data are not this user's. */
export function isSomebodyElse(user: string | undefined): boolean {
  const last = recall(USER);
  return last !== null && last !== user;
}

/** A session that the server opened, with the response for the server's time. */
export interface Opened {
  answer: Session;
  response: Response;
}

export function signedIn({ answer, response }: Opened): void {
  keepExpiry({ answer, response });
  remember(USER, answer.user?.id ?? null);
  inUse = true;
  session.set("in");
}

/** Keeps the end by this machine's clock. The clock may be wrong, so the span comes from the server's two times. */
function keepExpiry({ answer, response }: Opened): void {
  const date = response.headers.get("date");
  const serverNow = date ? new Date(date).getTime() : Date.now();
  const span = answer.expiresAt ? new Date(answer.expiresAt).getTime() - serverNow : 0;
  remember(EXPIRY, new Date(Date.now() + span).toISOString());
}

export function signedOut(): void {
  remember(EXPIRY, null);
  inUse = false;
  session.set("out");
}

/** Resolves when somebody is signed in. Rejects when the signal fires. */
export function signedInAgain(signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = () => {
      if (session.get() !== "in" && !signal.aborted) return;
      leave();
      signal.removeEventListener("abort", look);
      if (signal.aborted) reject(signal.reason);
      else resolve();
    };
    const leave = session.subscribe(look);
    signal.addEventListener("abort", look);
    look();
  });
}

function lost(): void {
  remember(EXPIRY, null);
  session.set(inUse ? "ended" : "out");
}

function isFresh(): boolean {
  const expiry = recall(EXPIRY);
  return expiry !== null && new Date(expiry).getTime() - EARLY_MS > Date.now();
}

let refreshing: Promise<void> | undefined;

/** All requests of all tabs wait for the same renewal. */
function refresh(stale: string | null): Promise<void> {
  refreshing ??= oneTabAtATime("refresh", () => renew(stale)).finally(() => {
    refreshing = undefined;
  });
  return refreshing;
}

async function renew(stale: string | null): Promise<void> {
  const known = recall(EXPIRY);
  if (known === null) throw new Problem({ status: 401, reason: "UNAUTHENTICATED" });
  if (known !== stale && isFresh()) return; // Another tab renewed it meanwhile.
  const response = await fetch("/api/v1/auth/refresh", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: "{}",
  });
  const body: unknown = await response.json().catch(() => null);
  if (!response.ok) throw problemOf(body, response);
  keepExpiry({ answer: body as Session, response });
}

const CREDENTIAL_PATH = /^\/api\/v1\/auth\/(login|signup|refresh)$/;
const REFRESHABLE = new Set(["UNAUTHENTICATED", "TOKEN_EXPIRED", "SESSION_REVOKED"]);

/** fetch() that keeps the session alive: it renews the token before its end, or once after a 401. */
export async function sessionFetch(request: Request): Promise<Response> {
  if (session.get() === "out" || CREDENTIAL_PATH.test(new URL(request.url).pathname)) {
    return reach(request);
  }
  const stale = recall(EXPIRY);
  if (!isFresh()) {
    await refreshOrLose(stale);
    return reach(request);
  }
  const spare = request.clone();
  const response = await reach(request);
  if (response.status !== 401 || !(await isRefreshable(response))) return response;
  await refreshOrLose(stale);
  return reach(spare);
}

async function isRefreshable(response: Response): Promise<boolean> {
  const body: unknown = await response
    .clone()
    .json()
    .catch(() => null);
  return REFRESHABLE.has(problemOf(body, response).reason);
}

async function refreshOrLose(stale: string | null): Promise<void> {
  try {
    await refresh(stale);
  } catch (thrown) {
    const problem = toProblem(thrown);
    if (problem.status === 401 || problem.status === 403) lost();
    throw problem;
  }
}

async function reach(request: Request): Promise<Response> {
  try {
    return await fetch(request);
  } catch (thrown) {
    if (request.signal.aborted) throw thrown;
    throw toProblem(thrown);
  }
}

// Another tab signed in or out.
window.addEventListener("storage", (event) => {
  if (event.key !== "lc.session") return;
  if (event.newValue === null && session.get() === "in") lost();
  if (event.newValue !== null && session.get() !== "in") session.set("in");
});
