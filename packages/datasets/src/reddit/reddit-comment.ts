import { isLonger, trimComment } from "./trim-comment.ts";

/** A comment of Reddit, as far as conversations are made of it. Ids are without their kind (`t1_`, `t3_`). */
export type RedditComment = {
  readonly id: string;
  readonly threadId: string;
  /** The comment that it answers, or the thread. */
  readonly parentId: string;
  /** Its text, trimmed. */
  readonly body: string;
  readonly isTrimmed: boolean;
  readonly author: string;
  readonly subreddit: string;
};

/**
 * The comment in a line of a dump; undefined where one of `id`, `link_id`, `parent_id`, `body`, `author`, `subreddit` is missing or no text.
 *
 * Later dumps have a parent as a number, of which the digits to base 36 are its id, or null for an answer to the thread itself.
 *
 * @param maxLength characters of a body that are kept
 * @see M. Henderson et al. (2019), reddit/create_data.py, `normalise_comment`
 *
 * @example
 * ```ts
 * import { redditComment } from "@kindred/datasets";
 *
 * const line = { id: "c1", link_id: "t3_a", parent_id: "t3_a", body: "Hello there!", author: "x", subreddit: "y", score: 1 };
 * redditComment(line, { maxLength: 7 })?.body; // => "Hello "
 * redditComment({ ...line, body: null }, { maxLength: 7 }); // => undefined
 * ```
 */
export function redditComment(
  value: unknown,
  { maxLength }: { readonly maxLength: number },
): RedditComment | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { id, link_id: thread, parent_id: parent, body, author, subreddit } = value as { [key: string]: unknown }; // an object
  if (typeof id !== "string" || typeof thread !== "string" || typeof body !== "string") return undefined;
  if (typeof author !== "string" || typeof subreddit !== "string") return undefined;
  const threadId = withoutKind(thread);
  const parentId =
    typeof parent === "string"
      ? withoutKind(parent)
      : typeof parent === "number"
        ? parent.toString(36)
        : parent === null
          ? threadId
          : undefined;
  if (parentId === undefined) return undefined;
  const isTrimmed = isLonger(body, maxLength);
  return { id, threadId, parentId, body: trimComment(body, maxLength), isTrimmed, author, subreddit };
}

function withoutKind(id: string): string {
  return id.replace(/^t[0-9]_/, "");
}
