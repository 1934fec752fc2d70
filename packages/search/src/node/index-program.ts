import type { Core } from "@kindred/mesh";
import { type EmbeddingRows, type RankedRow, TopRows } from "@kindred/vectors";
import { IndexFiles } from "./index-files.ts";
import type { IndexManifest } from "./index-manifest.ts";
import { IndexScan, type IndexScanOptions } from "./index-scan.ts";

/** What a core that scans its share of an index is told at its start. */
export type IndexProgramData = {
  readonly folder: string;
  readonly manifest: IndexManifest;
  readonly options: Omit<IndexScanOptions, "share">;
};

/** What it is asked for, and what it gives: of each query the best of its share. */
export type IndexProgram = {
  readonly scan: (request: { readonly queries: EmbeddingRows; readonly limit: number }) => Promise<RankedRow[][]>;
};

/** The program of such a core: it has pieces of its own, memory for them and files. */
export default function indexProgram(core: Core, { folder, manifest, options }: IndexProgramData): IndexProgram {
  const scan = new IndexScan(new IndexFiles(folder), manifest, { ...options, share: core });
  return {
    scan: async ({ queries, limit }) => {
      const best = Array.from({ length: queries.embeddings.length / queries.dimension }, () => new TopRows(limit));
      await scan.run(queries, { best, signal: undefined });
      return best.map((top) => top.ranking());
    },
  };
}
