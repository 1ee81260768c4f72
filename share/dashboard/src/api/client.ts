// Requests to the hub: typed by its document, with the session's CSRF token, each failure an ApiError. A request that the hub answers
// with STEP_UP_REQUIRED is made again once the person has proven who he is; who asks him for that is the shell's business.
import createClient, { type Middleware } from "openapi-fetch";
import type { paths } from "./schema";
import type { ErrorBody } from "./types";

const TIMEOUT_MS = 30_000;

/** What the hub, or the way to it, said no with. status 0: no answer came. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly body: Partial<ErrorBody>,
  ) {
    super(body.error ?? "");
  }
  get code(): string {
    return this.body.code ?? "NO_ANSWER";
  }
  /** The text for a field of a form, when it is that field's fault. */
  of(field: string): string | undefined {
    const listed = this.body.errors?.find((each) => each.field === field)?.message;
    return listed ?? (this.body.field === field ? this.body.error : undefined);
  }
}

type Listener = () => void;
const session = {
  csrfToken: null as string | null,
  ended: new Set<Listener>(),
  stepUp: null as (() => Promise<boolean>) | null,
};

export function setCsrfToken(token: string | null): void {
  session.csrfToken = token;
}
/** Called when the hub no longer knows the session. Returns what ends the watch. */
export function onSessionEnded(listener: Listener): Listener {
  session.ended.add(listener);
  return () => session.ended.delete(listener);
}
/** How a person is asked to prove who he is; false when he would not. */
export function setStepUp(ask: (() => Promise<boolean>) | null): void {
  session.stepUp = ask;
}
export function sessionEnded(): void {
  for (const listener of session.ended) listener();
}

async function fetchOnce(request: Request): Promise<Response> {
  const limit = AbortSignal.timeout(TIMEOUT_MS);
  try {
    return await fetch(new Request(request, { signal: AbortSignal.any([request.signal, limit]) }));
  } catch (fault) {
    if (request.signal.aborted) throw fault;
    throw new ApiError(0, {});
  }
}

async function failure(response: Response): Promise<ApiError> {
  try {
    return new ApiError(response.status, (await response.json()) as ErrorBody);
  } catch {
    return new ApiError(response.status, {}); // a proxy's page
  }
}

async function send(request: Request): Promise<Response> {
  const again = request.clone();
  const response = await fetchOnce(request);
  if (response.ok) return response;
  const error = await failure(response);
  if (error.code === "STEP_UP_REQUIRED" && session.stepUp) {
    if (!(await session.stepUp())) throw error;
    again.headers.set("X-CSRF-Token", session.csrfToken ?? "");
    return send(again);
  }
  if (error.code === "UNAUTHENTICATED") sessionEnded();
  throw error;
}

const withToken: Middleware = {
  onRequest({ request }) {
    if (request.method !== "GET" && session.csrfToken) request.headers.set("X-CSRF-Token", session.csrfToken);
    return request;
  },
};

export const api = createClient<paths>({ baseUrl: globalThis.location?.origin ?? "", fetch: send });
api.use(withToken);

/** The body of an answer that was not refused: refusals are thrown. */
export async function body<T>(answer: Promise<{ data?: T }>): Promise<T> {
  return (await answer).data as T;
}
