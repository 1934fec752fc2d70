/** A record whose last field is still inside quotes at the end of a line. */
export type OpenRecord = { readonly fields: readonly string[]; readonly field: string };

/** A whole record, or one that goes on in the next line, or what is wrong. */
export type CsvLine =
  | { readonly fields: readonly string[] }
  | { readonly open: OpenRecord }
  | { readonly problem: string };

/**
 * The fields of one line of a CSV file, by RFC 4180: commas between fields; a field that begins with `"` runs to the
 * next lone `"`, commas and line ends included, and `""` in it is one quote. Stricter than many readers: a quote inside
 * an unquoted field and text after a closing quote are refused, since both mean that the file is not what it seems. By hand, as csv-parse
 * works on Node's Buffer (in browsers 215 kB of stand-ins), and tells no error by the line of the file at which it begins.
 *
 * @param line - the line without its end
 * @param open - what the line before left open
 * @see Y. Shafranovich, RFC 4180 (2005), section 2
 */
export function csvFields(line: string, open?: OpenRecord): CsvLine {
  const fields = open === undefined ? [] : [...open.fields];
  let at = 0;
  let quoted = open === undefined ? undefined : `${open.field}\n`;
  while (true) {
    if (quoted === undefined && line[at] === '"') {
      quoted = "";
      at++;
    }
    if (quoted !== undefined) {
      const close = closingQuote(line, at);
      const text: string = quoted + line.slice(at, close < 0 ? undefined : close).replaceAll('""', '"');
      if (close < 0) return { open: { fields, field: text } };
      fields.push(text);
      quoted = undefined;
      at = close + 1;
      if (at < line.length && line[at] !== ",")
        return { problem: `field ${fields.length} goes on after its closing quote` };
    } else {
      const comma = line.indexOf(",", at);
      const text = line.slice(at, comma < 0 ? undefined : comma);
      fields.push(text);
      if (text.includes('"'))
        return { problem: `field ${fields.length} has a quote in it but does not begin with one` };
      at += text.length;
    }
    if (at >= line.length) return { fields };
    at++;
  }
}

/** The index of the first `"` at or after `at` that is not one of a pair `""`, or −1. */
function closingQuote(line: string, at: number): number {
  for (let quote = line.indexOf('"', at); quote >= 0; quote = line.indexOf('"', quote + 2)) {
    if (line[quote + 1] !== '"') return quote;
  }
  return -1;
}
