/** What a client did wrong, or what the server cannot do now: the kinds of text-embeddings-inference, and some that it has no word for. */
export type RequestErrorKind =
  | "validation"
  | "tokenizer"
  | "empty"
  | "too_large"
  | "syntax"
  | "content_type"
  | "unauthorized"
  | "forbidden"
  | "model_not_found"
  | "not_found"
  | "overloaded"
  | "backend"
  | "unhealthy"
  | "timeout";

/** For each kind the status of the two forms of routes. */
const statuses = {
  validation: { tei: 422, openai: 400 },
  tokenizer: { tei: 422, openai: 400 },
  empty: { tei: 400, openai: 400 },
  too_large: { tei: 413, openai: 413 },
  syntax: { tei: 400, openai: 400 },
  content_type: { tei: 415, openai: 415 },
  unauthorized: { tei: 401, openai: 401 },
  forbidden: { tei: 403, openai: 403 },
  model_not_found: { tei: 404, openai: 404 },
  not_found: { tei: 404, openai: 404 },
  overloaded: { tei: 429, openai: 429 },
  backend: { tei: 424, openai: 500 },
  unhealthy: { tei: 503, openai: 503 },
  timeout: { tei: 504, openai: 504 },
} as const;

/** OpenAI's own words for a kind: `type`, and `code` where it has one. */
const ofOpenAi: { readonly [kind in RequestErrorKind]?: { readonly type: string; readonly code: string | null } } = {
  unauthorized: { type: "invalid_request_error", code: "invalid_api_key" },
  model_not_found: { type: "invalid_request_error", code: "model_not_found" },
  overloaded: { type: "rate_limit_error", code: "rate_limit_exceeded" },
  backend: { type: "server_error", code: null },
  unhealthy: { type: "server_error", code: null },
  timeout: { type: "server_error", code: "timeout" },
};

/** Which of the two forms a route answers in. */
export type Form = "tei" | "openai";

/** Why a request is not answered as it hoped. */
export class RequestError extends Error {
  override readonly name = "RequestError";
  readonly kind: RequestErrorKind;
  /** The field of the body that is meant, where one is. */
  readonly field: string | undefined;
  /** Seconds after which it may go better. */
  readonly retryAfter: number | undefined;

  constructor(
    kind: RequestErrorKind,
    message: string,
    { field, retryAfter }: { readonly field?: string; readonly retryAfter?: number } = {},
  ) {
    super(message);
    this.kind = kind;
    this.field = field;
    this.retryAfter = retryAfter;
  }
}

/** The answer to a request that failed, as readers of that form expect it. */
export function errorResponse({ kind, message, field, retryAfter }: RequestError, form: Form): Response {
  const status = statuses[kind][form];
  const headers = {
    ...(retryAfter === undefined ? {} : { "retry-after": `${retryAfter}` }),
    ...(kind === "unauthorized" ? { "www-authenticate": "Bearer" } : {}),
  };
  const { type, code } = ofOpenAi[kind] ?? { type: "invalid_request_error", code: null };
  const body =
    form === "openai" ? { error: { message, type, param: field ?? null, code } } : { error: message, error_type: kind };
  return Response.json(body, { status, headers });
}
