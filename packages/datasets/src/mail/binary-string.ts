/**
 * Bytes as a string of the characters U+0000 to U+00FF, so that the ASCII structure of a mail can be searched as text.
 */
export function toBinaryString(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    // apply takes the typed array as it is, and so many arguments only; spreading it into the call is ten times slower.
    text += String.fromCharCode.apply(null, bytes.subarray(at, at + pieceBytes) as unknown as number[]);
  }
  return text;
}

const pieceBytes = 8192;

/** The bytes of a string made by {@link toBinaryString}. */
export function fromBinaryString(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  return bytes;
}
