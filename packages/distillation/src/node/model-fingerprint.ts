import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { FormatError } from "@kindred/errors";

/** Folders of a model that hold it in other formats. */
const otherFormats = new Set(["onnx", "openvino"]);

/**
 * A hash of all that a model's vectors depend on: of its settings, vocabulary and weights, by the names of their files, in hexadecimal.
 * Model card, hidden files and copies in other formats (onnx, openvino) are left out. Of 440 MB of weights it takes about a second.
 *
 * @throws FormatError if there is nothing of a model
 *
 * @example
 * ```ts ignore
 * import { modelFingerprint } from "@kindred/distillation/node";
 *
 * await modelFingerprint("all-mpnet-base-v2"); // 64 hexadecimal digits
 * ```
 */
export async function modelFingerprint(folder: string): Promise<string> {
  const hash = createHash("sha256");
  const paths = await modelFiles(folder, "").catch((cause: NodeJS.ErrnoException) => {
    throw new FormatError({ file: folder }, `cannot be read: ${cause.message}. Expected a folder of a model.`);
  });
  if (paths.length === 0) throw new FormatError({ file: folder }, "holds nothing. Expected a folder of a model.");
  for (const path of paths) {
    const ofFile = createHash("sha256");
    for await (const chunk of createReadStream(join(folder, path))) ofFile.update(chunk as Uint8Array); // no encoding is set
    hash.update(`${path}\0${ofFile.digest("hex")}\n`);
  }
  return hash.digest("hex");
}

async function modelFiles(folder: string, inside: string): Promise<string[]> {
  const entries = await readdir(join(folder, inside), { withFileTypes: true });
  const paths: string[] = [];
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const { name } = entry;
    const path = inside === "" ? name : `${inside}/${name}`;
    if (name.startsWith(".") || otherFormats.has(name)) continue;
    if (/\.(json|txt|model|safetensors|bin)$/.test(name)) paths.push(path);
    else if (entry.isDirectory()) paths.push(...(await modelFiles(folder, path)));
  }
  return paths;
}
