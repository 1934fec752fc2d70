import type { Mail } from "./parse-mail.ts";

/**
 * The thread of each mail: mails that are connected by Message-Id, References and In-Reply-To, over any number of steps
 * and over mails that are not in the list, get the same id, the smallest message id (in code unit order) of the thread.
 *
 * A mail with neither an id nor references is a thread of its own, named by its place in the list.
 *
 * @example
 * ```ts
 * import { threadIds } from "@kindred/datasets";
 *
 * const question = { messageId: "<1@a>", references: [] };
 * const answer = { messageId: "<2@a>", references: ["<1@a>"] };
 * threadIds([answer, question]); // => ["<1@a>", "<1@a>"]
 * ```
 */
export function threadIds(mails: readonly Pick<Mail, "messageId" | "references">[]): readonly string[] {
  const parents = new Map<string, string>();
  const rootOf = (id: string): string => {
    let root = id;
    for (let parent = parents.get(root); parent !== undefined; parent = parents.get(root)) root = parent;
    // Halves the way for later look-ups: without it a long chain of replies costs its length each time.
    if (root !== id) parents.set(id, root);
    return root;
  };
  const names = mails.map(({ messageId, references }, index) => messageId ?? references[0] ?? `mail ${index}`);
  for (const [index, name] of names.entries()) {
    for (const reference of mails[index]?.references ?? []) {
      const [one, other] = [rootOf(name), rootOf(reference)];
      if (one < other) parents.set(other, one);
      else if (other < one) parents.set(one, other);
    }
  }
  return names.map(rootOf);
}
