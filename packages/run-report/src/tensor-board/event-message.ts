/** What one record of an event file says. */
export type EventMessage = {
  /** Seconds since 1970. */
  readonly wallTime: number;
  /** Steps done. */
  readonly step: number;
  /** The first record of a file: how its restarts are told, `brain.Event:2`. */
  readonly fileVersion?: string;
  /** A run begins again: what files before this one say of this step and later ones is void. */
  readonly restarts?: boolean;
  /** Numbers by their tags, kept as float32. */
  readonly scalars?: { readonly [tag: string]: number };
  /** Markdown by its tags. */
  readonly texts?: { readonly [tag: string]: string };
};

/** Kinds of fields: a number of variable length, 8 bytes, bytes with their number before them, 4 bytes. */
const [varying, eight, delimited, four] = [0, 1, 2, 5];

/** `SessionLog.START`, `DT_STRING` and `DATA_CLASS_TENSOR`. */
const [sessionStart, stringType, tensorClass] = [1, 7, 2];

/**
 * An `Event` message of TensorFlow in protocol buffers' wire format.
 *
 * @see tensorflow, `tensorflow/core/util/event.proto` and `tensorflow/core/framework/{summary,tensor}.proto`, for the numbers of fields
 */
export function eventMessage({
  wallTime,
  step,
  fileVersion,
  restarts,
  scalars = {},
  texts = {},
}: EventMessage): Uint8Array {
  const values = [
    ...Object.entries(scalars).map(([tag, value]) => message(1, [text(1, tag), float(2, value)])),
    ...Object.entries(texts).map(([tag, value]) => message(1, [text(1, tag), textTensor(value), textPlugin])),
  ];
  return joined([
    double(1, wallTime),
    integer(2, step),
    ...(fileVersion === undefined ? [] : [text(3, fileVersion)]),
    ...(values.length === 0 ? [] : [message(5, values)]),
    ...(restarts === true ? [message(7, [integer(1, sessionStart)])] : []),
  ]);
}

/** A `TensorProto` of one string, of shape [1]. */
function textTensor(value: string): Uint8Array {
  return message(8, [integer(1, stringType), message(2, [message(2, [integer(1, 1)])]), text(8, value)]);
}

/** Tells TensorBoard that a tensor is Markdown. */
const textPlugin = message(9, [message(1, [text(1, "text")]), integer(4, tensorClass)]);

function integer(field: number, value: number): Uint8Array {
  return Uint8Array.from([...varint(field * 8 + varying), ...varint(value)]);
}

function double(field: number, value: number): Uint8Array {
  const bytes = new Uint8Array(9);
  bytes[0] = field * 8 + eight;
  new DataView(bytes.buffer).setFloat64(1, value, true);
  return bytes;
}

function float(field: number, value: number): Uint8Array {
  const bytes = new Uint8Array(5);
  bytes[0] = field * 8 + four;
  new DataView(bytes.buffer).setFloat32(1, value, true);
  return bytes;
}

function text(field: number, value: string): Uint8Array {
  return message(field, [new TextEncoder().encode(value)]);
}

function message(field: number, parts: readonly Uint8Array[]): Uint8Array {
  const body = joined(parts);
  return joined([Uint8Array.from([field * 8 + delimited, ...varint(body.length)]), body]);
}

/** A whole number from 0 to 2⁵³ in bytes of 7 bits, the lowest first. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return [...bytes, rest];
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
