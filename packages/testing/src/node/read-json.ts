import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

/** The value in a JSON file (gzipped if its name ends in .gz), taken for what the caller says it is. */
export function readJson<Value>(path: string): Value {
  return JSON.parse(readText(path)) as Value;
}

/** The values of a JSON-lines file (gzipped if its name ends in .gz), in order. Lines end at \n alone. */
export function readJsonLines<Value>(path: string): Value[] {
  const lines = readText(path).split("\n");
  return lines.filter((line) => line.trim() !== "").map((line) => JSON.parse(line) as Value);
}

function readText(path: string): string {
  const bytes = readFileSync(path);
  return (path.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8");
}
