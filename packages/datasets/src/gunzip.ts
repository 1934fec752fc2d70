import { DataError } from "@kindred/errors";

/**
 * The bytes inside a gzip stream, as they are unpacked, by the platform's own `DecompressionStream`.
 *
 * Memory stays bounded whatever the file's size. The checksum stands at the end of a gzip file, so damage inside may
 * show only after some (wrong) bytes were given: a reader that must not act on them reads to the end first. Gzip files
 * joined end to end are refused where the platform refuses them (the standard wants it, and Node 24 does it; Node 20
 * reads on).
 *
 * @param chunks - the compressed bytes
 * @param options - `file`: the name of the input in errors
 * @throws DataError when the data is not gzip, is damaged, or stops before its end. An error of `chunks` itself passes
 * through.
 *
 * @example
 * ```ts
 * import { gunzip, lines } from "@kindred/datasets";
 *
 * const packed = new Blob(["one\ntwo\n"]).stream().pipeThrough(new CompressionStream("gzip"));
 * const texts: string[] = [];
 * for await (const line of lines(gunzip(packed, { file: "a.gz" }), { file: "a.gz" })) texts.push(line.text);
 * texts; // => ["one", "two"]
 * ```
 */
export async function* gunzip(
  chunks: AsyncIterable<Uint8Array>,
  { file }: { readonly file: string },
): AsyncGenerator<Uint8Array, void> {
  const source = streamOf(chunks);
  const reader = source.stream.pipeThrough(new DecompressionStream("gzip")).getReader();
  try {
    while (true) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } catch (cause) {
    if (source.failure !== undefined) throw source.failure.reason;
    const message =
      "gunzip: cannot unpack. Got damaged, truncated or other data, or several gzip files in one, expected one whole gzip file. " +
      "Copy it again, or unpack and pack it again.";
    throw new DataError({ file }, message, {}, { cause });
  } finally {
    await reader.cancel().catch(() => {});
  }
}

/**
 * A ReadableStream over any async iterable (`ReadableStream.from` is not in every browser), and the error that it ended
 * with.
 */
function streamOf(chunks: AsyncIterable<Uint8Array>) {
  const iterator = chunks[Symbol.asyncIterator]();
  const source: { stream: ReadableStream<Uint8Array<ArrayBuffer>>; failure?: { reason: unknown } } = {
    stream: new ReadableStream<Uint8Array<ArrayBuffer>>({
      async pull(controller) {
        try {
          const { done, value } = await iterator.next();
          if (done) controller.close();
          else controller.enqueue(value as Uint8Array<ArrayBuffer>); // not over shared memory: no reader gives such bytes
        } catch (reason) {
          source.failure = { reason };
          throw reason;
        }
      },
      async cancel() {
        await iterator.return?.();
      },
    }),
  };
  return source;
}
