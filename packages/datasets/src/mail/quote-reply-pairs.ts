/** A paragraph that a mail quotes, and the paragraph with which it is answered. */
export type QuoteReply = { readonly quote: string; readonly reply: string };

/**
 * The pairs of quoted paragraph and reply in the plain text of a mail: for each run of quoted lines, its last paragraph
 * and the first paragraph of reply right after it.
 *
 * * The text ends at a signature (a line `-- `) and at a list's footer (a line that begins with four underscores).
 * * Only quotes of depth 1 count. A deeper one parts paragraphs and is dropped, and so is a line of attribution (`On …
 *   wrote:`).
 * * Web and mail addresses are removed, white space is made single spaces.
 * * Both texts must have 4 to 120 words, and at least 80 % letters and spaces, which leaves out logs, patches and
 *   tables.
 *
 * @see the SpamAssassin public corpus (2002), for which the numbers were chosen
 *
 * @example
 * ```ts
 * import { quoteReplyPairs } from "@kindred/datasets";
 *
 * const text = "On Monday Ann wrote:\n> Does it ever rain\n> in the desert?\n\nOnly once or twice a year.\n-- \nBob";
 * quoteReplyPairs(text); // => [{ quote: "Does it ever rain in the desert?", reply: "Only once or twice a year." }]
 * ```
 */
export function quoteReplyPairs(text: string): readonly QuoteReply[] {
  const paragraphs = paragraphsOf(beforeFooter(text)).filter((paragraph) => !isAttribution(paragraph.text));
  const pairs: QuoteReply[] = [];
  let before: Paragraph | undefined;
  for (const paragraph of paragraphs) {
    if (before?.quoted && !paragraph.quoted) {
      const pair = { quote: withoutAddresses(before.text), reply: withoutAddresses(paragraph.text) };
      if (isProse(pair.quote) && isProse(pair.reply)) pairs.push(pair);
    }
    before = paragraph;
  }
  return pairs;
}

type Paragraph = { readonly quoted: boolean; readonly text: string };

function beforeFooter(text: string): string {
  const end = text.search(/^(-- ?$|_{4})/m);
  return end < 0 ? text : text.slice(0, end);
}

function paragraphsOf(text: string): Paragraph[] {
  const paragraphs: { quoted: boolean; text: string }[] = [];
  let open: { quoted: boolean; text: string } | undefined;
  for (const line of text.split("\n")) {
    const marks = /^ ?(?:> ?)*/.exec(line)?.[0] ?? "";
    const depth = marks.replaceAll(" ", "").length;
    const words = line.slice(marks.length).trim();
    if (depth > 1 || words === "") {
      open = undefined;
    } else if (open?.quoted === (depth === 1)) {
      open.text += ` ${words}`;
    } else {
      open = { quoted: depth === 1, text: words };
      paragraphs.push(open);
    }
  }
  return paragraphs;
}

function isAttribution(paragraph: string): boolean {
  return paragraph.length < 200 && /\b(wrote|writes|said)\s*:?$/i.test(paragraph);
}

function withoutAddresses(text: string): string {
  return text
    .replace(/<?(?:https?|ftp|mailto):[^\s>]+>?|\bwww\.[^\s>]+/gi, " ")
    .replace(/<?[\w.+-]+@[\w.-]+\w>?/g, " ")
    .replace(/\s+/g, " ")
    .trim();
}

function isProse(text: string): boolean {
  const wordCount = text.split(" ").length;
  const letterCount = text.match(/[\p{L} ]/gu)?.length ?? 0;
  return wordCount >= 4 && wordCount <= 120 && letterCount >= 0.8 * text.length;
}
