export { type ColumnFacts, columnWarnings } from "./row-content.ts";
export type { TextRow } from "./text-row.ts";
export type { BadLineOptions, BadLineReason } from "./bad-line.ts";
export { lines, type Line, type LinesOptions } from "./lines.ts";
export type { Columns, RowOptions } from "./row-options.ts";
export { rowsFromJsonl } from "./rows-from-jsonl.ts";
export { rowsFromDelimited, type DelimitedOptions } from "./rows-from-delimited.ts";
export { rowsFromText, type RowsFromTextOptions } from "./rows-from-text.ts";
export { rowsFromParquet } from "./rows-from-parquet.ts";
export type { ByteSource } from "./parquet-file.ts";
export { parseDataConfig, type DataConfigEntry } from "./parse-data-config.ts";
export { parseSynset, type Synset } from "./wordnet/parse-synset.ts";
export { parseMail, type Mail } from "./mail/parse-mail.ts";
export { quoteReplyPairs, type QuoteReply } from "./mail/quote-reply-pairs.ts";
export { threadIds } from "./mail/thread-ids.ts";
export { trimComment } from "./reddit/trim-comment.ts";
export { redditComment, type RedditComment } from "./reddit/reddit-comment.ts";
export {
  type NoRow,
  type RedditRow,
  type ThreadOptions,
  type ThreadResponse,
  threadRows,
} from "./reddit/thread-rows.ts";
