import { RequestError } from "./request-error.ts";

/** Nothing that a route takes is nested deeper. */
const deepest = 8;

/**
 * The JSON of a request's body.
 *
 * It must say that it is JSON: a page of another site can send anything else without asking the browser's leave. What is larger than `limit`
 * bytes is given up as soon as that is seen.
 *
 * @throws RequestError for another type, too many bytes, bytes that are no UTF-8, and text that is no JSON or is nested too deeply.
 */
export async function readBody(request: Request, limit: number): Promise<unknown> {
  const type = request.headers.get("content-type") ?? "";
  if (!/^application\/json\s*(;|$)/i.test(type))
    throw new RequestError(
      "content_type",
      `The body has to be JSON. Got content-type ${type === "" ? "none" : JSON.stringify(type)}, expected application/json.`,
    );
  const bytes = await readBytes(request, limit);
  checkDepth(bytes);
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new RequestError("syntax", "The body is no UTF-8 text.");
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new RequestError("syntax", `The body is no JSON. ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function readBytes(request: Request, limit: number): Promise<Uint8Array> {
  const tooLarge = () => new RequestError("too_large", `The body is too large. Expected at most ${limit} bytes.`);
  if (Number(request.headers.get("content-length") ?? 0) > limit) throw tooLarge();
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of request.body ?? []) {
    length += part.length;
    if (length > limit) throw tooLarge(); // which ends the loop, and with it the stream
    parts.push(part);
  }
  const [first] = parts;
  if (first !== undefined && parts.length === 1) return first;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

const [quote, backslash, openArray, openObject, closeArray, closeObject] = Array.from('"\\[{]}', (character) =>
  character.charCodeAt(0),
);

/** Counts brackets outside of strings, before anything is made of them. */
function checkDepth(bytes: Uint8Array): void {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (inString) {
      if (byte === backslash) i++;
      else if (byte === quote) inString = false;
    } else if (byte === quote) inString = true;
    else if (byte === openArray || byte === openObject) {
      depth++;
      if (depth > deepest)
        throw new RequestError("syntax", `The body is nested too deeply. Expected at most ${deepest} levels.`);
    } else if (byte === closeArray || byte === closeObject) depth--;
  }
}
