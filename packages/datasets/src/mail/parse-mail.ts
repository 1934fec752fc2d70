/** What training needs of a mail. */
export type Mail = {
  /** The message's own id, angle brackets included; undefined when it has none. */
  readonly messageId: string | undefined;
  /** The ids of the messages that it answers, from References and In-Reply-To. */
  readonly references: readonly string[];
  /** The plain text, line ends as `\n`; undefined when there is none (HTML only, say). */
  readonly text: string | undefined;
};

/**
 * The thread headers and the plain text of a raw mail, an optional mbox `From ` line before it.
 *
 * Of a multipart message the first text/plain part counts, at any depth. Transfer encodings quoted-printable and base64
 * are undone. The text is decoded by the declared charset if the bytes obey it (us-ascii counts as undeclared: many
 * mails lie about it), else as UTF-8 if they obey that, else as Latin-1, which takes anything. Never throws: a broken
 * mail gives what can be found in it.
 *
 * @see RFC 5322 (message format), RFC 2045 and 2046 (MIME)
 *
 * @example
 * ```ts
 * import { parseMail } from "@kindred/datasets";
 *
 * const mail = parseMail(new TextEncoder().encode("Message-Id: <2@a>\nIn-Reply-To: <1@a>\n\n> Is it?\n\nIt is.\n"));
 * mail.references; // => ["<1@a>"]
 * mail.text; // => "> Is it?\n\nIt is.\n"
 * ```
 */
export function parseMail(bytes: Uint8Array): Mail {
  const entity = entityOf(
    toBinaryString(bytes)
      .replaceAll("\r\n", "\n")
      .replace(/^From .*\n/, ""),
  );
  const references = `${entity.headers.get("references") ?? ""} ${entity.headers.get("in-reply-to") ?? ""}`;
  return {
    messageId: idsIn(entity.headers.get("message-id") ?? "")[0],
    references: [...new Set(idsIn(references))],
    text: plainText(entity, 0),
  };
}

/** Headers by lower-case name (the first of equals) and the body, as a binary string. */
type Entity = { readonly headers: ReadonlyMap<string, string>; readonly body: string };

function entityOf(raw: string): Entity {
  const headers = new Map<string, string>();
  const blank = raw.startsWith("\n") ? 0 : raw.indexOf("\n\n") + 1;
  const head = blank === 0 && !raw.startsWith("\n") ? raw : raw.slice(0, blank);
  for (const line of head.replace(/\n[ \t]+/g, " ").split("\n")) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).trim().toLowerCase();
    if (colon > 0 && !headers.has(name)) headers.set(name, line.slice(colon + 1).trim());
  }
  return { headers, body: raw.slice(head.length + 1) };
}

function idsIn(header: string): readonly string[] {
  return header.match(/<[^<>\s]+>/g) ?? [];
}

// Real mails nest two or three deep; the bound keeps a hostile one from exhausting the stack.
const maxDepth = 16;

function plainText({ headers, body }: Entity, depth: number): string | undefined {
  const contentType = headers.get("content-type") ?? "text/plain";
  if (/^multipart\//i.test(contentType)) {
    const boundary = parameter(contentType, "boundary");
    if (boundary === undefined || depth === maxDepth) return undefined;
    for (const part of partsOf(body, boundary)) {
      const text = plainText(entityOf(part), depth + 1);
      if (text !== undefined) return text;
    }
    return undefined;
  }
  // "text" alone is an old spelling of text/plain that the corpus has.
  if (!/^text(\/plain)?\s*(;|$)/i.test(contentType)) return undefined;
  const bytes = transferDecoded(body, headers.get("content-transfer-encoding") ?? "");
  return decoded(bytes, parameter(contentType, "charset")).replaceAll("\r\n", "\n");
}

function parameter(header: string, name: string): string | undefined {
  const match = new RegExp(`;\\s*${name}\\s*=\\s*(?:"([^"]*)"|([^;\\s]+))`, "i").exec(header);
  return match?.[1] ?? match?.[2];
}

/** The parts between the boundary lines; what follows the closing boundary is dropped. */
function partsOf(body: string, boundary: string): readonly string[] {
  const [, ...parts] = `\n${body}`.split(`\n--${boundary}`);
  const end = parts.findIndex((part) => part.startsWith("--"));
  return parts.slice(0, end < 0 ? undefined : end).map((part) => part.slice(part.indexOf("\n") + 1));
}

function transferDecoded(body: string, encoding: string): Uint8Array {
  switch (encoding.trim().toLowerCase()) {
    case "quoted-printable":
      return fromBinaryString(
        body
          .replace(/[ \t]+$/gm, "")
          .replaceAll("=\n", "")
          .replace(/=([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
      );
    case "base64": {
      const digits = body.replace(/[^A-Za-z0-9+/]/g, "");
      // One digit left over holds no whole byte, and atob would refuse it.
      return fromBinaryString(atob(digits.length % 4 === 1 ? digits.slice(0, -1) : digits));
    }
    default:
      return fromBinaryString(body);
  }
}

function decoded(bytes: Uint8Array, charset: string | undefined): string {
  for (const name of [/^us-ascii$/i.test(charset ?? "us-ascii") ? "utf-8" : charset, "utf-8"]) {
    try {
      return new TextDecoder(name, { fatal: true }).decode(bytes);
    } catch {
      // An unknown charset, or bytes that do not obey it: the next one.
    }
  }
  return new TextDecoder("latin1").decode(bytes);
}

/**
 * Bytes as a string of the characters U+0000 to U+00FF, so that the ASCII structure of a mail can be searched as text.
 */
function toBinaryString(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    // Reflect.apply takes the typed array as it is, and so many arguments only; spreading it into the call is ten times slower.
    text += Reflect.apply(String.fromCharCode, undefined, bytes.subarray(at, at + pieceBytes));
  }
  return text;
}

const pieceBytes = 8192;

/** The bytes of a string made by {@link toBinaryString}. */
function fromBinaryString(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  return bytes;
}
