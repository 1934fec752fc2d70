import type { RedditComment } from "./reddit-comment.ts";

/** A comment and the one that it answers, as PolyAI's JSON has them; with earlier ones as `context/0` (the next), `context/1`, … */
export type RedditRow = {
  readonly subreddit: string;
  readonly thread_id: string;
  readonly context_author: string;
  readonly response_author: string;
  readonly context: string;
  readonly response: string;
  readonly [extra: `context/${number}`]: string;
};

/** What a row is made by. */
export type ThreadOptions = {
  /** How many comments before the response are looked at, the one that it answers included. Default 10. */
  readonly parentDepth?: number;
  /** Characters that a response, and what it answers, must have. Default 9. */
  readonly minLength?: number;
};

/** Why a comment of a thread gives no row. */
export type NoRow =
  | "repeatedId"
  | "withoutParent"
  | "loop"
  | "tooLong"
  | "deleted"
  | "tooShort"
  | "parentTooLong"
  | "parentDeleted"
  | "parentTooShort";

/** A response of a thread, by the id of its comment; its row is made when it is asked for. */
export type ThreadResponse = {
  readonly id: string;
  /** Makes the row. */
  row(): RedditRow;
};

/**
 * The rows of a thread: every comment that answers another one, as the response, unless one of the two is too long, too short or deleted.
 *
 * The thread is walked from the comments whose parent is not in it, level by level, each comment once, so that ids that answer each other in a
 * circle are never reached. Of comments of one id the last counts, in the place of the first. Earlier comments are no reason to leave a row out.
 *
 * @param comments of one thread
 * @param leaveOut told each comment that gives no row, and why
 * @see M. Henderson et al. (2019), reddit/create_data.py, `create_examples`, `linear_paths`
 *
 * @example
 * ```ts
 * import { threadRows } from "@kindred/datasets";
 *
 * const said = { threadId: "t", isTrimmed: false, author: "a", subreddit: "s" };
 * const thread = [
 *   { ...said, id: "1", parentId: "t", body: "Which tea do you like?" },
 *   { ...said, id: "2", parentId: "1", body: "A green one, mostly." },
 *   { ...said, id: "3", parentId: "2", body: "Me too!!!" },
 *   { ...said, id: "4", parentId: "2", body: "[deleted]" },
 * ];
 * const reasons: string[] = [];
 * const rows = [...threadRows(thread, {}, (reason) => reasons.push(reason))].map((response) => response.row());
 * rows.map((row) => [row.context, row.response]); // => [["Which tea do you like?", "A green one, mostly."], ["A green one, mostly.", "Me too!!!"]]
 * rows[1]?.["context/0"]; // => "Which tea do you like?"
 * reasons; // => ["withoutParent", "deleted"]
 * ```
 */
export function* threadRows(
  comments: Iterable<RedditComment>,
  { parentDepth = 10, minLength = 9 }: ThreadOptions = {},
  leaveOut: (reason: NoRow) => void = () => {},
): Generator<ThreadResponse, void> {
  const byId = new Map<string, RedditComment>();
  for (const comment of comments) {
    if (byId.has(comment.id)) leaveOut("repeatedId");
    byId.set(comment.id, comment);
  }
  const answers = new Map<string, RedditComment[]>();
  const seen = new Set<string>();
  /** Comments of a level, each with the way to it: at most parentDepth before it, the nearest last. */
  let level: { readonly comment: RedditComment; readonly before: readonly RedditComment[] }[] = [];
  for (const comment of byId.values()) {
    const siblings = answers.get(comment.parentId);
    if (siblings === undefined) answers.set(comment.parentId, [comment]);
    else siblings.push(comment);
    if (byId.has(comment.parentId)) continue;
    seen.add(comment.id);
    leaveOut("withoutParent");
    level.push({ comment, before: [] });
  }
  while (level.length > 0) {
    const next: typeof level = [];
    for (const { comment: parent, before } of level) {
      const path = [...before, parent].slice(-parentDepth);
      for (const comment of answers.get(parent.id) ?? []) {
        if (seen.has(comment.id)) continue;
        seen.add(comment.id);
        next.push({ comment, before: path });
        const reason = whyNot(comment, parent, minLength);
        if (reason === undefined) yield { id: comment.id, row: () => rowOf(comment, path) };
        else leaveOut(reason);
      }
    }
    level = next;
  }
  for (let unreached = byId.size - seen.size; unreached > 0; unreached--) leaveOut("loop");
}

function whyNot(comment: RedditComment, parent: RedditComment, minLength: number): NoRow | undefined {
  const [own, of] = [fault(comment, minLength), fault(parent, minLength)];
  if (own !== undefined) return own;
  if (of === undefined) return undefined;
  return ({ tooLong: "parentTooLong", deleted: "parentDeleted", tooShort: "parentTooShort" } as const)[of];
}

function fault({ body, isTrimmed }: RedditComment, minLength: number): "tooLong" | "deleted" | "tooShort" | undefined {
  if (isTrimmed) return "tooLong";
  if (body === "[deleted]" || body === "[removed]") return "deleted";
  return body.length < minLength || [...body].length < minLength ? "tooShort" : undefined;
}

function rowOf(response: RedditComment, path: readonly RedditComment[]): RedditRow {
  const [context, ...earlier] = path.toReversed();
  const extra = earlier.map(({ body }, i) => [`context/${i}`, body] as const);
  return {
    subreddit: response.subreddit,
    thread_id: response.threadId,
    context_author: context?.author ?? "",
    response_author: response.author,
    context: context?.body ?? "",
    response: response.body,
    ...Object.fromEntries(extra),
  };
}
