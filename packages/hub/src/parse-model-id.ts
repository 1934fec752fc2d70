import { ConfigError } from "@kindred/errors";

/** A model of the Hub: `owner/name`, and the branch, tag or commit where one was named. */
export type ModelId = { readonly id: string; readonly revision: string | undefined };

/** Letters, digits, `_`, `-` and `.`; neither of the last two at an end. */
const part = /^(?=.{1,96}$)\w(?:[\w.-]*\w)?$/;

/**
 * The id and the revision in `owner/name` or `owner/name@revision`.
 *
 * An id follows the Hub's rules: two names of 1 to 96 ASCII letters, digits, `_`, `-` or `.`, which neither begin nor end with `-`
 * or `.`, without `--`, `..` and a final `.git`. A revision follows git's rules for the name of a branch or tag, so that it can
 * be the name of a file in the cache.
 *
 * Differs from Python: an id has an owner. sentence-transformers reads `all-mpnet-base-v2` as one of its own models, the Hub
 * knows some old models without an owner; write `sentence-transformers/all-mpnet-base-v2` here.
 *
 * @throws ConfigError for anything else
 * @see Hugging Face, huggingface_hub, `validate_repo_id`; git, `git-check-ref-format`
 *
 * @example
 * ```ts
 * import { parseModelId } from "@kindred/hub";
 *
 * parseModelId("sentence-transformers/all-mpnet-base-v2"); // => { id: "sentence-transformers/all-mpnet-base-v2", revision: undefined }
 * parseModelId("owner/name@v1.0"); // => { id: "owner/name", revision: "v1.0" }
 * ```
 */
export function parseModelId(text: string): ModelId {
  const at = text.indexOf("@");
  const id = at < 0 ? text : text.slice(0, at);
  const revision = at < 0 ? undefined : text.slice(at + 1);
  if (!isModelId(id)) {
    const hint = part.test(id) ? ` Did you mean sentence-transformers/${id}?` : "";
    throw new ConfigError(
      `parseModelId: not the id of a model. Got ${JSON.stringify(text)}, expected owner/name or owner/name@revision.${hint}`,
      { id: text },
    );
  }
  if (revision !== undefined) expectRevision(revision, text);
  return { id, revision };
}

/**
 * Refuses what git refuses as the name of a branch, tag or commit.
 *
 * @throws ConfigError naming `text`, where the revision stands
 */
export function expectRevision(revision: string, text = revision): void {
  const isName =
    /^[^\s~^:?*[\\\p{Cc}]{1,255}$/u.test(revision) &&
    !/\.\.|@\{|\/\/|\/$|\.$|^@$/.test(revision) &&
    revision.split("/").every((name) => name !== "" && !name.startsWith(".") && !name.endsWith(".lock"));
  if (isName) return;
  throw new ConfigError(
    `parseModelId: not a revision. Got ${JSON.stringify(text)}, expected the name of a branch or tag, or a commit.`,
    { revision },
  );
}

function isModelId(id: string): boolean {
  const parts = id.split("/");
  return parts.length === 2 && parts.every((name) => part.test(name)) && !/--|\.\.|\.git$/.test(id);
}
