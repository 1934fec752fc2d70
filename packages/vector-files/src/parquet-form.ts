import type { RowGroup, SchemaElement } from "hyparquet";
import { ByteWriter, ParquetWriter } from "hyparquet-writer";
import type { Json, VectorColumns, VectorForm } from "./vector-form.ts";

/** Bytes before the first row group: `PAR1`. */
const magicBytes = 4;

/**
 * `.parquet`: columns `id`, `text` where texts are kept, and `vector`, a list of numbers. An id is a text where rows have ids, else the row's number.
 * Each piece is a row group; texts are packed by Snappy, vectors are not, since their bits hardly repeat. Numbers of one byte take about one byte.
 *
 * @see Apache Parquet, parquet-format
 */
export const parquetForm: VectorForm = {
  name: "parquet",
  ending: ".parquet",
  holds: { ids: true, texts: true },
  streams: true,
  head: () => new TextEncoder().encode("PAR1"),
  piece(columns, { start, embeddings, ids = [], texts = [] }) {
    const { dimension } = columns;
    const rows = Array.from({ length: embeddings.length / dimension }, (_, row) => row);
    const writer = parquetWriter(columns);
    // Parquet has no numbers of one byte: of 256 different ones, the number of each in a list of them takes one.
    const encoding = columns.precision === "float32" || rows.length === 0 ? "PLAIN" : "RLE_DICTIONARY";
    const id = columns.ids
      ? rows.map((row) => (ids[row] === null || ids[row] === undefined ? null : String(ids[row])))
      : rows.map((row) => BigInt(start + row));
    const vectors = rows.map((row) => Array.from(embeddings.subarray(row * dimension, (row + 1) * dimension)));
    void writer.write({
      columnData: [
        { name: "id", data: id, offsetIndex: false },
        ...(columns.texts ? [{ name: "text", data: rows.map((row) => texts[row] ?? ""), offsetIndex: false }] : []),
        { name: "vector", data: vectors, encoding, codec: "UNCOMPRESSED", offsetIndex: false },
      ],
      rowGroupSize: Math.max(rows.length, 1),
    });
    return { bytes: writer.writer.getBytes().subarray(magicBytes), note: withoutBigints(writer.row_groups[0]) };
  },
  end(columns, pieces) {
    const writer = parquetWriter(columns);
    for (const { rows, at, note } of pieces) {
      writer.row_groups.push(movedGroup(note, at - magicBytes));
      writer.num_rows += BigInt(rows);
    }
    void writer.finish();
    return writer.writer.getBytes().subarray(magicBytes);
  },
};

function parquetWriter(columns: VectorColumns): ParquetWriter {
  return new ParquetWriter({
    writer: new ByteWriter(),
    schema: schemaOf(columns),
    statistics: false,
    createdBy: "kindred",
  });
}

function schemaOf({ precision, ids, texts }: VectorColumns): SchemaElement[] {
  const isSigned = precision === "int8" || precision === "binary";
  return [
    { name: "root", num_children: texts ? 3 : 2 },
    ids
      ? { name: "id", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" }
      : { name: "id", type: "INT64", repetition_type: "REQUIRED" },
    ...(texts
      ? [{ name: "text", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "REQUIRED" } as const]
      : []),
    { name: "vector", converted_type: "LIST", repetition_type: "REQUIRED", num_children: 1 },
    { name: "list", repetition_type: "REPEATED", num_children: 1 },
    precision === "float32"
      ? { name: "element", type: "FLOAT", repetition_type: "REQUIRED" }
      : { name: "element", type: "INT32", converted_type: isSigned ? "INT_8" : "UINT_8", repetition_type: "REQUIRED" },
  ];
}

/** A value whose 64-bit integers are words: JSON has none. */
function withoutBigints(value: unknown): Json {
  return JSON.parse(JSON.stringify(value, (_, held) => (typeof held === "bigint" ? `${held}n` : held)));
}

/** A row group as it was noted, so many bytes further on. */
function movedGroup(note: Json | undefined, bytes: number): RowGroup {
  const group: RowGroup = JSON.parse(JSON.stringify(note), (_, held) =>
    typeof held === "string" && /^-?\d+n$/.test(held) ? BigInt(held.slice(0, -1)) : held,
  );
  const move = BigInt(bytes);
  for (const column of group.columns) {
    column.file_offset += move;
    const facts = column.meta_data;
    if (facts === undefined) continue;
    facts.data_page_offset += move;
    if (facts.dictionary_page_offset !== undefined) facts.dictionary_page_offset += move;
  }
  return group;
}
