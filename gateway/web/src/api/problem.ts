// Every failure of a call, of the server or of the network, in the API's one shape (RFC 9457).
import type { components } from "./schema";

/** A newer server may know reasons that this page does not. */
type ProblemJson = Omit<components["schemas"]["Problem"], "reason" | "code"> & {
  reason: string;
};

/** Reasons that the page adds to those of the API. */
export const UNREACHABLE = "UNREACHABLE";
export const UNREADABLE = "UNREADABLE";

export class Problem extends Error {
  readonly status: number;
  readonly reason: string;
  readonly requestId: string;
  readonly field: string;
  readonly title: string;

  constructor(body: Partial<ProblemJson> & { reason: string }) {
    super(body.detail || body.title || body.reason);
    this.name = "Problem";
    this.title = body.title ?? "";
    this.status = body.status ?? 0;
    this.reason = body.reason;
    this.requestId = body.requestId ?? "";
    this.field = body.field ?? "";
  }

  /** The same request may succeed when it is sent again. */
  get retryable(): boolean {
    return this.reason === UNREACHABLE || this.status === 429 || this.status >= 500;
  }
}

/** The user has to log in again before the request can be repeated. */
export function isSessionLost(problem: Problem): boolean {
  return problem.status === 401;
}

/** A caught value as a problem, which people can read. */
export function toProblem(thrown: unknown): Problem {
  if (thrown instanceof Problem) return thrown;
  if (thrown instanceof TypeError) return new Problem({ reason: UNREACHABLE });
  return new Problem({ reason: UNREADABLE, detail: String(thrown) });
}

/** The problem of a response. A proxy may have written its body, so the body may be anything. */
export function problemOf(body: unknown, response: Response): Problem {
  const json = typeof body === "object" && body !== null ? (body as Partial<ProblemJson>) : {};
  return new Problem({
    ...json,
    status: response.status,
    reason: json.reason || UNREADABLE,
    requestId: json.requestId || response.headers.get("x-request-id") || "",
  });
}
