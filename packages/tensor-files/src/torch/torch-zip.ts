import { FormatError } from "@kindred/errors";
import type { ByteSource } from "../byte-source.ts";
import { flattenState } from "./flatten-state.ts";
import { readPickle } from "./read-pickle.ts";
import type { TorchContainer } from "./torch-checkpoint.ts";
import { torchImports } from "./torch-imports.ts";
import { readZipDirectory, readZipEntry, type ZipEntry, zipDataOffset } from "./zip.ts";

/** The largest version of the archive that PyTorch 2 reads. */
const NEWEST_VERSION = 10;
/** The pickle describes the tensors and holds none of their bytes: a model's takes kilobytes. */
const LARGEST_PICKLE_BYTES = 256 * 2 ** 20;

/**
 * A checkpoint in a zip archive: `NAME/data.pkl`, a storage each in `NAME/data/0`, `NAME/data/1`, …, and what the
 * numbers look like in `NAME/version` and `NAME/byteorder`.
 *
 * @see PyTorch, `caffe2/serialize/inline_container.h`
 */
export async function openTorchZip(source: ByteSource): Promise<TorchContainer> {
  const { file } = source;
  const entries = await readZipDirectory(source);
  const pickles = [...entries.values()].filter(({ name }) => /^([^/]*\/)?data\.pkl$/.test(name));
  const [pickle] = pickles;
  if (pickle === undefined || pickles.length > 1) {
    throw new FormatError(
      { file, offset: source.length },
      `zip archive with ${pickles.length} entries data.pkl, expected one. Is this a PyTorch checkpoint?`,
    );
  }
  const folder = pickle.name.slice(0, -"data.pkl".length);
  const refuse = (entry: ZipEntry, message: string): never => {
    throw new FormatError({ file, offset: entry.headerOffset }, `zip entry ${JSON.stringify(entry.name)}: ${message}`);
  };
  const program = entries.get(`${folder}constants.pkl`);
  if (program !== undefined) refuse(program, "this is a TorchScript program. Save its state_dict() instead.");
  await expectReadable(source, entries, folder, refuse);
  if (pickle.bytes > LARGEST_PICKLE_BYTES) refuse(pickle, `got ${pickle.bytes} bytes, expected at most 256 MiB.`);

  const bytes = await readZipEntry(source, pickle);
  const pickleOffset = await zipDataOffset(source, pickle);
  const fail = (at: number, message: string): never => {
    const place = pickle.isDeflated ? ` (byte ${at} of the unpacked ${pickle.name})` : "";
    throw new FormatError({ file, offset: pickle.isDeflated ? pickleOffset : pickleOffset + at }, message + place);
  };
  const { value, end } = readPickle(bytes, { host: torchImports, fail });
  if (end !== bytes.length) fail(end, `pickle: ${bytes.length - end} bytes follow its end.`);
  const { tensors, values } = flattenState(value, bytes.length, (message) => fail(0, `checkpoint: ${message}`));

  const entryOf = (key: string, name: string) =>
    entries.get(`${folder}data/${key}`) ??
    fail(0, `${name}: the archive has no ${folder}data/${key}, which holds its elements.`);
  for (const [name, { storage }] of tensors) {
    const entry = entryOf(storage.key, `tensor ${JSON.stringify(name)}`);
    if (entry.bytes !== storage.bytes)
      refuse(entry, `got ${entry.bytes} bytes, expected the ${storage.bytes} that data.pkl says.`);
  }
  const unpacked = lastOnly((entry: ZipEntry) => readZipEntry(source, entry));
  const readStorage = async (key: string, begin: number, length: number): Promise<Uint8Array> => {
    const entry = entryOf(key, `storage ${key}`);
    if (entry.isDeflated) return (await unpacked(entry)).subarray(begin, begin + length);
    return source.read((await zipDataOffset(source, entry)) + begin, length);
  };
  return { tensors, values, readStorage };
}

async function expectReadable(
  source: ByteSource,
  entries: ReadonlyMap<string, ZipEntry>,
  folder: string,
  refuse: (entry: ZipEntry, message: string) => never,
): Promise<void> {
  const text = async (entry: ZipEntry) => {
    if (entry.bytes > 64) refuse(entry, `got ${entry.bytes} bytes, expected a word.`);
    return new TextDecoder("latin1").decode(await readZipEntry(source, entry)).trim();
  };
  const byteOrder = entries.get(`${folder}byteorder`);
  if (byteOrder !== undefined) {
    const order = await text(byteOrder);
    if (order !== "little")
      refuse(byteOrder, `got ${JSON.stringify(order)}, expected "little". Save it on another machine.`);
  }
  const version = entries.get(`${folder}version`);
  if (version === undefined) return;
  const number = await text(version);
  if (!/^[0-9]+$/.test(number) || Number(number) < 1 || Number(number) > NEWEST_VERSION)
    refuse(version, `unknown version ${JSON.stringify(number)}, expected 1 to ${NEWEST_VERSION}.`);
}

/** Keeps the last result, so that the views of a packed storage, which usually follow each other, unpack it once. */
function lastOnly<Key, Value>(compute: (key: Key) => Promise<Value>): (key: Key) => Promise<Value> {
  let last: { key: Key; value: Promise<Value> } | undefined;
  return (key) => {
    if (last?.key !== key) last = { key, value: compute(key) };
    return last.value;
  };
}
