import { HubError, type HubErrorReason } from "../hub-error.ts";

/** What a request was about, for messages. */
export type Subject = { readonly id: string; readonly revision: string; readonly endpoint: string };

/**
 * The error that a response stands for; undefined for one that is no error.
 *
 * The Hub says what it means in `X-Error-Code`; without that the status decides. To strangers it answers 401 both for private
 * models and for those that do not exist.
 *
 * @see Hugging Face, huggingface_hub, `hf_raise_for_status`
 */
export function responseError(response: Response, subject: Subject, hasToken: boolean): HubError | undefined {
  if (response.ok) return undefined;
  const { status } = response;
  const code = response.headers.get("x-error-code") ?? undefined;
  const said = response.headers.get("x-error-message")?.slice(0, 300);
  const { reason, text } = explain(response, code, said, subject, hasToken);
  const retryAfterSeconds = Number(response.headers.get("retry-after")) || undefined;
  return new HubError(reason, `resolveModel: ${text}`, { ...subject, status, code, said, retryAfterSeconds });
}

function explain(
  response: Response,
  code: string | undefined,
  said: string | undefined,
  { id, revision, endpoint }: Subject,
  hasToken: boolean,
): { reason: HubErrorReason; text: string } {
  const { status } = response;
  const got = `Got ${status}${said === undefined ? "" : ` (${said})`} for ${id}@${revision}`;
  const logIn = hasToken
    ? "Check that the token belongs to an account with access (`hf auth whoami`)."
    : "Set HF_TOKEN to a token from https://huggingface.co/settings/tokens, or run `hf auth login`.";
  if (code === "GatedRepo") {
    const text = `access to the model is restricted. ${got}, expected a token whose account its authors have let in. Ask for access on ${endpoint}/${id}. ${logIn}`;
    return { reason: "gated", text };
  }
  if (code === "RevisionNotFound") {
    return {
      reason: "revision-not-found",
      text: `the model has no such revision. ${got}, expected a branch, a tag or a commit. Look at ${endpoint}/${id}/tree/main.`,
    };
  }
  if (code === "EntryNotFound") {
    return { reason: "file-not-found", text: `the model has no such file. ${got}, expected one of its listing.` };
  }
  if (code === "RepoNotFound" || status === 404 || (status === 401 && !hasToken)) {
    return {
      reason: "model-not-found",
      text: `no such model, or a private one. ${got}, expected the id of a model on ${endpoint}, or a folder. ${logIn}`,
    };
  }
  // A signed address of the CDN that has expired: the next attempt gets a new one.
  const isCdn = response.redirected && new URL(response.url).origin !== new URL(endpoint).origin;
  if ((status === 401 || status === 403) && !isCdn) {
    return {
      reason: "unauthorized",
      text: `the Hub refuses access. ${got}, expected a valid token with the right to read. ${logIn}`,
    };
  }
  return { reason: "connection", text: `the server failed. ${got}, expected an answer. Try again later.` };
}
