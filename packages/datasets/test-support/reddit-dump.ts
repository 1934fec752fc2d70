import fc from "fast-check";
import type { RedditRow } from "../src/reddit/thread-rows.ts";

/** A comment as a dump has it. */
export type DumpedComment = {
  readonly id: string;
  readonly link_id: string;
  readonly parent_id: string;
  readonly body: string;
  readonly author: string;
  readonly subreddit: string;
};

const body = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.string({ unit: fc.constantFrom("a", "b", " ", "é", "😀", "\ud800"), minLength: 6, maxLength: 24 }),
  },
  { weight: 1, arbitrary: fc.constantFrom("[deleted]", "[removed]", "", "\u2028 and on") },
);

/** Comments of a few threads, in any order; some answer nobody who is there, each other in a circle, or share an id. */
export const anyComments: fc.Arbitrary<readonly DumpedComment[]> = fc
  .tuple(
    fc.integer({ min: 1, max: 4 }),
    fc.array(fc.record({ of: fc.integer({ min: -1, max: 12 }), again: fc.nat(30), body, author: fc.nat(5) }), {
      maxLength: 40,
    }),
  )
  .map(([threads, drawn]) =>
    drawn.map(({ of, again, body, author }, i): DumpedComment => {
      const id = again === 0 && i >= threads ? i - threads : i; // now and then that of the one before in the thread
      const thread = i % threads;
      const parent = of < 0 ? `t3_thread${thread}` : `t1_c${of * threads + thread}`;
      return {
        ...{ id: `c${id}`, link_id: `t3_thread${thread}`, parent_id: parent },
        ...{ body, author: `u${author}`, subreddit: "s" },
      };
    }),
  );

/** A comment's own fault; the limits are the tests' own. */
function fault({ body }: DumpedComment, limits: Limits): boolean {
  const { length } = Array.from(body);
  return length > limits.maxLength || length < limits.minLength || body === "[deleted]" || body === "[removed]";
}

export type Limits = { readonly maxLength: number; readonly minLength: number; readonly parentDepth: number };

/** The rows of a dump, by walking up from every comment; trimming is handed in. */
export function naiveRows(
  comments: readonly DumpedComment[],
  limits: Limits,
  trim: (text: string, length: number) => string,
): RedditRow[] {
  const rows: RedditRow[] = [];
  const bare = (id: string) => id.replace(/^t\d_/, "");
  for (const thread of new Set(comments.map(({ link_id }) => link_id))) {
    const own = new Map<string, DumpedComment>();
    for (const comment of comments) if (comment.link_id === thread) own.set(comment.id, comment);
    for (const response of own.values()) {
      const above: DumpedComment[] = [];
      const passed = new Set([response.id]);
      let isLoop = false;
      for (let at = own.get(bare(response.parent_id)); at !== undefined; at = own.get(bare(at.parent_id))) {
        if (passed.has(at.id)) {
          isLoop = true;
          break;
        }
        passed.add(at.id);
        above.push(at);
      }
      const [context, ...earlier] = above;
      if (isLoop || context === undefined || fault(response, limits) || fault(context, limits)) continue;
      const extra = earlier
        .slice(0, limits.parentDepth - 1)
        .map(({ body }, i) => [`context/${i}`, trim(body, limits.maxLength)] as const);
      rows.push({
        subreddit: response.subreddit,
        thread_id: bare(thread),
        context_author: context.author,
        response_author: response.author,
        context: context.body,
        response: response.body,
        ...Object.fromEntries(extra),
      });
    }
  }
  return rows;
}

/** Rows in an order of their own, for comparing what two ways give. */
export function inOrder(rows: readonly RedditRow[]): string[] {
  return rows.map((row) => JSON.stringify(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1)))).sort();
}
