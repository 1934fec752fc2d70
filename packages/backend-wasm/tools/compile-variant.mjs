// Compiles the sources under assembly/ to the WebAssembly module of one variant.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";
import { kernelVariants } from "./kernel-variants.mjs";
import { stridedTileSource } from "./strided-tile-source.mjs";
import { tileSource } from "./tile-source.mjs";

const assembly = fileURLToPath(new URL("../assembly", import.meta.url));

/**
 * The bytes of a variant's module: the same for the same sources and compiler.
 *
 * It imports `env.memory` and nothing else, has no data and no start function, and allocates nothing: it lives in tfjs's heap.
 *
 * @param {keyof typeof kernelVariants} name
 * @returns {Promise<Uint8Array>}
 */
export async function compileVariant(name) {
  const { features, tile } = kernelVariants[name];
  /** @type {Map<string, Uint8Array | string>} */
  const written = new Map();
  const { error, stderr } = await asc.main(
    [
      ...["index.ts", "--outFile", "kernels.wasm", "--baseDir", assembly],
      ...["-O3", "--noAssert", "--runtime", "stub", "--use", "abort="],
      // A maximum in the import is what makes it one bit's difference from an import of shared memory.
      ...["--importMemory", "--noExportMemory", "--initialMemory", "1", "--maximumMemory", "65536"],
      ...features.flatMap((feature) => ["--enable", feature]),
      ...["bulk-memory", "nontrapping-f2i", "sign-extension"].flatMap((feature) => ["--enable", feature]),
    ],
    {
      readFile: (file) => {
        if (file === "tile.ts") return tileSource(tile);
        if (file === "strided-tile.ts") return stridedTileSource(tile);
        const path = join(assembly, file);
        return existsSync(path) ? readFileSync(path, "utf8") : null;
      },
      writeFile: (file, contents) => void written.set(file, contents),
      listFiles: () => [],
    },
  );
  const bytes = written.get("kernels.wasm");
  if (error || !(bytes instanceof Uint8Array)) throw new Error(`compileVariant: ${name} does not compile.\n${stderr}`);
  // An engine without relaxed SIMD can't look inside; asc itself has validated the module.
  if (WebAssembly.validate(/** @type {Uint8Array<ArrayBuffer>} */ (bytes))) expectOnlyMemoryImported(name, bytes);
  return bytes;
}

/**
 * @param {string} name
 * @param {Uint8Array} bytes
 */
function expectOnlyMemoryImported(name, bytes) {
  const module = new WebAssembly.Module(/** @type {Uint8Array<ArrayBuffer>} */ (bytes));
  const imports = WebAssembly.Module.imports(module).map((each) => `${each.module}.${each.name}`);
  const others = WebAssembly.Module.exports(module).filter(({ kind }) => kind !== "function");
  if (imports.join() !== "env.memory" || others.length > 0) {
    throw new Error(
      `compileVariant: ${name} is no side module. Got imports ${imports}, expected env.memory alone, and functions as exports. ` +
        "Use no arrays, strings, classes or static data: whatever needs a place in memory gets its address as an argument.",
    );
  }
}
