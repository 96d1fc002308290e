/** Requests to the daemon that serves the page, and what it says of those that fail. */

/** As /v1/session tells. */
export interface SessionFacts {
  readonly authenticated: boolean;
  readonly users_configured: boolean;
  readonly user: string | null;
  readonly role: 'read' | 'write' | 'admin' | null;
  readonly csrf_token: string | null;
  /** Percent-encoded; null, or not told by an older daemon: all keys. */
  readonly prefixes?: readonly string[] | null;
}

interface Problem {
  readonly code?: string;
  readonly detail?: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

const REQUEST_TIMEOUT_MS = 20_000;
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD']);

export class ApiError extends Error {
  /** 0: there was no answer. */
  readonly status: number;
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(status: number, { code = 'UNKNOWN', detail, details = {} }: Problem) {
    super(detail ?? `the daemon answered ${status}`);
    this.status = status;
    this.code = code;
    this.details = details;
  }

  /** Asking again later changes nothing: who asks may not. */
  get isForbidden(): boolean {
    return this.code === 'FORBIDDEN';
  }

  /** The daemon has no such route: an older one, or one that leaves it out. */
  get isMissingRoute(): boolean {
    return this.code === 'UNKNOWN_OPERATION';
  }
}

export interface RequestParts {
  readonly method?: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: BodyInit;
  /** Work that the daemon answers when it is done. */
  readonly timeoutMs?: number;
}

export class Api {
  /** Called when the daemon no longer knows who asks. */
  onSignedOut: () => void = () => {};
  #csrfToken: string | undefined;
  /** Logins so far: what was asked before the last one says nothing of it. */
  #logins = 0;

  /** @throws ApiError */
  async request(path: string, parts: RequestParts = {}): Promise<Response> {
    const { method = 'GET', body, timeoutMs = REQUEST_TIMEOUT_MS } = parts;
    const headers: Record<string, string> = { ...parts.headers };
    const logins = this.#logins;
    if (!SAFE.has(method) && this.#csrfToken !== undefined) {
      headers['x-caskd-csrf'] = this.#csrfToken;
    }
    const response = await fetch(path, {
      method,
      headers,
      credentials: 'same-origin',
      cache: 'no-store',
      signal: AbortSignal.timeout(timeoutMs),
      ...(body === undefined ? {} : { body }),
    }).catch((thrown: unknown) => {
      const isLate = thrown instanceof DOMException && thrown.name === 'TimeoutError';
      const detail = isLate ? 'the daemon did not answer in time' : 'the daemon cannot be reached';
      throw new ApiError(0, { code: isLate ? 'TIMEOUT' : 'UNREACHABLE', detail });
    });
    if (response.ok) return response;
    const error = new ApiError(response.status, await problemOf(response));
    const isOfThisLogin = logins === this.#logins && path !== '/v1/session';
    if (error.code === 'UNAUTHENTICATED' && isOfThisLogin) this.onSignedOut();
    throw error;
  }

  async json<Answer>(path: string, parts: RequestParts = {}): Promise<Answer> {
    const response = await this.request(path, parts);
    return (await response.json()) as Answer;
  }

  /** POST of a JSON object. */
  post<Answer>(path: string, body: object = {}, timeoutMs?: number): Promise<Answer> {
    return this.json(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
  }

  /** Who is signed in. A daemon without /v1/session asks nobody, or not in this way. */
  async session(): Promise<SessionFacts> {
    try {
      return this.#remember(await this.json<SessionFacts>('/v1/session'));
    } catch (thrown) {
      if (!(thrown instanceof ApiError && thrown.isMissingRoute)) throw thrown;
      return {
        authenticated: true,
        users_configured: false,
        user: null,
        role: 'admin',
        csrf_token: null,
      };
    }
  }

  async signIn(user: string, password: string): Promise<SessionFacts> {
    const facts = await this.post<SessionFacts>('/v1/session', { user, password });
    this.#logins += 1;
    return this.#remember(facts);
  }

  async signOut(): Promise<void> {
    await this.request('/v1/session', { method: 'DELETE' });
    this.#csrfToken = undefined;
  }

  #remember(facts: SessionFacts): SessionFacts {
    this.#csrfToken = facts.csrf_token ?? undefined;
    return facts;
  }
}

async function problemOf(response: Response): Promise<Problem> {
  try {
    return (await response.json()) as Problem;
  } catch {
    return {};
  }
}
