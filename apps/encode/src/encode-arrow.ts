import { writeToStream } from "@kindred/command-line/node";
import { ConfigError, DataError } from "@kindred/errors";
import type { EncodeOptions, SentenceEncoder } from "@kindred/sentence-encoder";
import {
  AsyncByteQueue,
  type Data,
  DataType,
  Field,
  FixedSizeList,
  Float32,
  makeData,
  RecordBatch,
  RecordBatchReader,
  RecordBatchStreamWriter,
  Schema,
  Struct,
  type Vector,
} from "apache-arrow";
import { addAbortSignal, type Readable, type Writable } from "node:stream";

/** Batches that are encoded at a time: while one is written, the next is at work. */
const batchesAhead = 2;

/** Which columns, and what becomes of a row without a text. */
export type ArrowOptions = {
  /** The column of texts. */
  readonly textField: string;
  /** The column that is added. */
  readonly vectorField: string;
  /** A null in the column of texts ends the stream with its row's number, has no vector (`skip`), or counts as `""` (`empty`). */
  readonly onBadRow: "stop" | "skip" | "empty";
  readonly signal: AbortSignal;
};

/** What went through. */
export type ArrowCounts = { readonly rows: number; readonly truncated: number; readonly badRows: number };

/**
 * Record batches of an Arrow IPC stream, each given back as it came with one more column, the vectors of its texts: a fixed-size list of
 * float32. A batch is answered as soon as it and those before it are encoded, so a program may send one, wait for it, and send the next.
 *
 * @throws ConfigError for a column that is not there, holds no texts, or is there already; DataError for a stream that is not Arrow's and for a
 *   row without a text
 */
export async function encodeArrow(
  encoder: Pick<SentenceEncoder, "encode">,
  { input, output }: { readonly input: Readable; readonly output: Writable },
  { textField, vectorField, onBadRow, signal, ...options }: ArrowOptions & Omit<EncodeOptions, "signal">,
): Promise<ArrowCounts> {
  addAbortSignal(signal, input); // it may be silent for long
  const reader = await readArrow(signal, async () => (await RecordBatchReader.from(bytesOf(input))).open());
  if (reader.schema === undefined) throw noArrow("no schema came");
  expectColumns(reader.schema, textField, vectorField);
  const { dimension } = await encoder.encode([], options);
  const item = new Field("item", new Float32(), true);
  const column = new Field(vectorField, new FixedSizeList(dimension, item), onBadRow === "skip");
  const schema = new Schema([...reader.schema.fields, column], reader.schema.metadata);
  const sink = new Pieces();
  const writer = new RecordBatchStreamWriter().reset(sink, schema);
  const send = async () => {
    for (const piece of sink.take()) await writeToStream(output, piece);
  };
  await send();

  const counts = { rows: 0, truncated: 0, badRows: 0 };
  const begin = (batch: RecordBatch) => {
    const { texts, missing } = textsOf(batch.getChild(textField), { onBadRow, firstRow: counts.rows + 1 });
    counts.rows += texts.length;
    counts.badRows += missing.length;
    return encoder.encode(texts, { ...options, signal }).then(({ embeddings, truncated }) => {
      counts.truncated += truncated.length;
      return withColumn(batch, schema, vectorsOf(column.type, embeddings, onBadRow === "skip" ? missing : []));
    });
  };
  for await (const batch of inOrder(() => readArrow(signal, async () => reader.next()), begin)) {
    signal.throwIfAborted();
    writer.write(batch);
    await send();
  }
  writer.finish();
  await send();
  return counts;
}

/** Each batch's result in the order of the batches: as soon as it is there, whether or not another batch has come. */
async function* inOrder<T, Result>(
  next: () => Promise<IteratorResult<T>>,
  begin: (batch: T) => Promise<Result>,
): AsyncGenerator<Result, void, undefined> {
  const ahead: Promise<Result>[] = [];
  let reading: Promise<IteratorResult<T>> | undefined;
  let isOver = false;
  while (!isOver || ahead.length > 0) {
    if (!isOver && ahead.length < batchesAhead) reading ??= next();
    const come = reading?.then((result) => ({ result }));
    const [first] = ahead;
    const turn = await Promise.race([
      ...(first === undefined ? [] : [first.then(() => undefined)]),
      ...(come ? [come] : []),
    ]);
    if (turn === undefined) {
      ahead.shift();
      if (first !== undefined) yield await first;
      continue;
    }
    reading = undefined;
    isOver = turn.result.done === true;
    if (turn.result.done === true) continue;
    const begun = begin(turn.result.value);
    begun.catch(() => {}); // thrown where it is awaited
    ahead.push(begun);
  }
}

/** What a reader of Arrow gives; whatever it throws is about the stream, or is the end that a signal has made. */
async function readArrow<T>(signal: AbortSignal, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    signal.throwIfAborted();
    throw noArrow(error instanceof Error ? error.message : String(error));
  }
}

function noArrow(reason: string): DataError {
  return new DataError(
    { file: "standard input" },
    `cannot be read as an Arrow IPC stream (${reason}). Expected record batches without compression, as pyarrow.ipc.new_stream writes them.`,
  );
}

function expectColumns(schema: Schema, textField: string, vectorField: string): void {
  const names = schema.fields.map(({ name }) => name);
  const field = schema.fields.find(({ name }) => name === textField);
  if (field === undefined)
    throw new ConfigError(
      `--text-field: the stream has no such column. Got ${textField}, expected one of ${names.join(", ")}.`,
      { textField, names },
    );
  const type: DataType = DataType.isDictionary(field.type) ? field.type.dictionary : field.type;
  if (!DataType.isUtf8(type) && !DataType.isLargeUtf8(type) && !DataType.isUtf8View(type))
    throw new ConfigError(
      `--text-field: the column holds no texts. Got ${textField} of ${field.type}, expected Utf8.`,
      {
        textField,
      },
    );
  if (names.includes(vectorField))
    throw new ConfigError(
      `--vector-field: the stream has a column of that name. Got ${vectorField}. Name the vectors otherwise.`,
      { vectorField },
    );
}

function textsOf(
  column: Vector | null,
  { onBadRow, firstRow }: Pick<ArrowOptions, "onBadRow"> & { readonly firstRow: number },
): { texts: string[]; missing: number[] } {
  const missing: number[] = [];
  const texts = Array.from(column ?? [], (text: string | null, row) => {
    if (text !== null) return text;
    if (onBadRow === "stop")
      throw new DataError(
        { file: "standard input" },
        `row ${firstRow + row} has no text. Got null. Say --on-bad-row skip to leave its vector out, or empty to encode "".`,
        { row: firstRow + row },
      );
    missing.push(row);
    return "";
  });
  return { texts, missing };
}

/** Vectors as a column; those of `missing` rows are null. */
function vectorsOf(type: FixedSizeList<Float32>, embeddings: Float32Array, missing: readonly number[]): Data {
  const length = embeddings.length / type.listSize;
  const child = makeData({ type: new Float32(), length: embeddings.length, data: embeddings });
  if (missing.length === 0) return makeData({ type, length, child });
  const nullBitmap = new Uint8Array((length + 7) >> 3).fill(255);
  for (const row of missing) nullBitmap[row >> 3] = (nullBitmap[row >> 3] ?? 0) & ~(1 << (row & 7));
  return makeData({ type, length, nullCount: missing.length, nullBitmap, child });
}

function withColumn({ data, numRows, metadata }: RecordBatch, schema: Schema, column: Data): RecordBatch {
  const type = new Struct(schema.fields);
  return new RecordBatch(schema, makeData({ type, length: numRows, children: [...data.children, column] }), metadata);
}

/** What the writer has written and nobody has taken. Its own queue gives pieces only as promises, one after another. */
class Pieces extends AsyncByteQueue {
  #pieces: Uint8Array[] = [];
  override write(value: Uint8Array): void {
    if (value.byteLength > 0) this.#pieces.push(value);
  }
  take(): Uint8Array[] {
    const pieces = this.#pieces;
    this.#pieces = [];
    return pieces;
  }
}

/**
 * What comes, for Arrow's reader. That says how many bytes it lacks, also when it lacks none: it must not be kept waiting for more then, or a batch
 * is held back until the next one comes.
 */
function bytesOf(input: Readable): AsyncIterableIterator<Uint8Array, undefined, number | undefined> {
  const chunks: AsyncIterator<Uint8Array, undefined> = input[Symbol.asyncIterator](); // a stream without an encoding
  return {
    next: async (lacking) => (lacking === 0 ? { done: false, value: new Uint8Array() } : chunks.next()),
    return: async () => (await chunks.return?.()) ?? { done: true, value: undefined },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
