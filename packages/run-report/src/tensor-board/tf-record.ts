import { maskedCrc32c } from "./crc32c.ts";

/**
 * Bytes as a record of a TFRecord file: their number (uint64), its masked CRC-32C, the bytes, and theirs; all numbers little-endian.
 *
 * @see tensorflow, `tensorflow/core/lib/io/record_writer.h`, the format in its comment
 */
export function tfRecord(data: Uint8Array): Uint8Array {
  const record = new Uint8Array(data.length + 16);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, maskedCrc32c(record.subarray(0, 8)), true);
  record.set(data, 12);
  view.setUint32(12 + data.length, maskedCrc32c(data), true);
  return record;
}
