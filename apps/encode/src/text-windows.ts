/** Texts that come one by one, in arrays of `size`; the last may be shorter, none is empty. */
export async function* textWindows(texts: AsyncIterable<string>, size: number): AsyncGenerator<string[]> {
  let window: string[] = [];
  for await (const text of texts) {
    window.push(text);
    if (window.length === size) {
      yield window;
      window = [];
    }
  }
  if (window.length > 0) yield window;
}
