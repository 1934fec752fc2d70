import { HubError } from "../hub-error.ts";
import { type ModelFile, modelFile } from "../model-file.ts";
import { hubRequest, type RequestContext } from "./hub-request.ts";
import { importHubClient } from "./import-hub-client.ts";
import { type RetryPolicy, withRetries } from "./with-retries.ts";

/** A model's commit and all files that it has there. */
export type ModelListing = { readonly commit: string; readonly files: readonly ModelFile[] };

/** The largest answer that is read, and the most files that a model may have: guards against endless answers. */
const largestAnswerBytes = 64 * 2 ** 20;
const mostFiles = 100_000;

/**
 * Which commit a revision is now, and its files, asked of the Hub through @huggingface/hub.
 *
 * The requests themselves are Kindred's: the package has no time limits, no retries and no signal, and takes only tokens that
 * begin with `hf_`.
 *
 * @throws HubError; ConfigError if @huggingface/hub is not installed
 */
export async function listModel(
  id: string,
  revision: string,
  context: RequestContext & RetryPolicy,
): Promise<ModelListing> {
  const client = await importHubClient();
  const options = { hubUrl: context.settings.endpoint, fetch: wholeAnswers(context) };
  const commit = isCommit(revision)
    ? revision
    : (await client.modelInfo({ ...options, name: id, revision, additionalFields: ["sha"] })).sha;
  if (!isCommit(commit)) throw broken(`the commit ${JSON.stringify(commit)?.slice(0, 100)}`, "40 hexadecimal digits");
  const files = new Map<string, ModelFile>();
  const repo = { type: "model", name: id } as const;
  for await (const entry of client.listFiles({ ...options, repo, revision: commit, recursive: true })) {
    const file = modelFile(entry);
    if (file !== undefined) files.set(file.path, file);
    if (files.size > mostFiles) throw broken(`more than ${mostFiles} files`, "fewer");
  }
  return { commit, files: [...files.values()] };
}

/** Whether a revision is a whole commit: it can't change, and the cache has no ref for it. */
export function isCommit(revision: unknown): revision is string {
  return typeof revision === "string" && /^[0-9a-f]{40}$/.test(revision);
}

/** `fetch` as @huggingface/hub calls it, for answers small enough to be read whole. */
function wholeAnswers(context: RequestContext & RetryPolicy): typeof fetch {
  return (input, init) =>
    withRetries(
      async () => {
        const headers = Object.fromEntries(new Headers(init?.headers));
        const response = await hubRequest(String(input), context, { headers });
        const parts: Uint8Array<ArrayBuffer>[] = [];
        let bytes = 0;
        for await (const chunk of response.chunks) {
          bytes += chunk.length;
          if (bytes > largestAnswerBytes)
            throw broken(`an answer of over ${largestAnswerBytes} bytes`, "a shorter one");
          parts.push(new Uint8Array(chunk));
        }
        const body = new Blob(parts);
        expectJson(await body.text());
        return new Response(body, { status: response.status, headers: response.headers });
      },
      { ...context, needsNetwork: true },
    );
}

function expectJson(text: string): void {
  try {
    JSON.parse(text);
  } catch {
    throw broken(
      JSON.stringify(text.slice(0, 100)),
      "JSON. Is HF_ENDPOINT the address of a Hub, and nothing in between",
    );
  }
}

function broken(got: string, expected: string): HubError {
  return new HubError("listing", `resolveModel: the Hub's answer breaks the rules. Got ${got}, expected ${expected}.`);
}
