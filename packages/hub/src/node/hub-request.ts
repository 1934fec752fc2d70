import { HubError } from "../hub-error.ts";
import type { HubSettings } from "./hub-settings.ts";
import { responseError, type Subject } from "./response-error.ts";

/** How requests are made. */
export type RequestContext = {
  readonly settings: HubSettings;
  readonly subject: Subject;
  readonly signal: AbortSignal;
  /** The longest silence of a server, at its beginning and between two chunks. */
  readonly idleTimeoutMs: number;
};

/** An answer that is no error, and the chunks of its body as they come. */
export type HubResponse = {
  readonly status: number;
  readonly headers: Headers;
  /** Ends with a HubError (connection) if the server breaks off or falls silent. */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Ends a response whose body nobody wants. */
  readonly discard: () => Promise<void>;
};

/**
 * One GET request, redirects followed.
 *
 * The token goes to the endpoint's origin alone: fetch drops it where a redirect leaves that origin, and a link elsewhere never
 * gets it. Bodies come uncompressed, so that ranges and sizes mean the file's own bytes.
 *
 * @param accept statuses to hand over that would be errors
 * @throws HubError; the signal's reason
 */
export async function hubRequest(
  url: string,
  context: RequestContext,
  { headers = {}, accept = [] }: { headers?: Record<string, string>; accept?: readonly number[] } = {},
): Promise<HubResponse> {
  const { settings, subject, signal, idleTimeoutMs } = context;
  signal.throwIfAborted();
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(), idleTimeoutMs);
  const rearm = () => {
    clearTimeout(timer);
    timer = setTimeout(() => silence.abort(), idleTimeoutMs);
  };
  const failure = (cause: unknown) => {
    clearTimeout(timer);
    if (signal.aborted) return signal.reason;
    const what = silence.signal.aborted ? `silence for ${idleTimeoutMs} ms` : reasonOf(cause);
    const message = `resolveModel: the connection failed. Got ${what} from ${new URL(url).origin}, expected ${subject.id}@${subject.revision}. Check the network, or go offline if the model is in the cache.`;
    return new HubError("connection", message, { ...subject, hasNetwork: !noNetwork.includes(what) }, { cause });
  };

  let response: Response;
  try {
    response = await fetch(url, {
      headers: {
        ...headers,
        ...authorization(url, settings),
        "accept-encoding": "identity",
        "user-agent": "kindred-hub",
      },
      signal: AbortSignal.any([signal, silence.signal]),
    });
  } catch (cause) {
    throw failure(cause);
  }
  const refusal = responseError(response, subject, settings.token !== undefined);
  const discard = async () => {
    clearTimeout(timer);
    await response.body?.cancel().catch(() => {});
  };
  if (refusal !== undefined && !accept.includes(response.status)) {
    await discard();
    throw refusal;
  }

  async function* chunks(): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of response.body ?? []) {
        // While the caller works on a chunk, the server is not the one who is silent.
        clearTimeout(timer);
        yield chunk;
        rearm();
      }
    } catch (cause) {
      throw failure(cause);
    } finally {
      clearTimeout(timer);
    }
  }
  return { status: response.status, headers: response.headers, chunks: chunks(), discard };
}

function authorization(url: string, { endpoint, token }: HubSettings): { authorization?: string } {
  const isHub = new URL(url).origin === new URL(endpoint).origin;
  return isHub && token !== undefined ? { authorization: `Bearer ${token}` } : {};
}

/** What is said where no name has an address and no address a way. */
const noNetwork = ["ENOTFOUND", "EAI_AGAIN", "ENETUNREACH", "ENETDOWN"];

/** fetch says "fetch failed"; what failed stands in its cause. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as { message?: string; cause?: { code?: string; message?: string } };
  return cause?.code ?? cause?.message ?? message ?? String(error);
}
