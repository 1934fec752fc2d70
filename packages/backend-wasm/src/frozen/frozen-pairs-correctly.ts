import type { KernelExports } from "../generated/frozen/kernel-exports.ts";
import { instantiateFrozenKernels } from "./instantiate-frozen-kernels.ts";
import { weightForms } from "./weight-forms.ts";

// As `../pairs-correctly.ts` says: loops long enough that V8 optimises each function, and a twin whose functions it compiles only once.
const large = { rows: [1, 2, 3, 4, 5, 6, 48], out: 64, inner: 1024, times: 8 };
const small = { rows: [1, 2, 3, 4, 5, 6, 13], out: 40, inner: 40, times: 1 };
const rounds = 3;

/**
 * Whether the module of frozen weights gives the same bits in V8's optimised code, where instructions may be paired to 256 bits, as in its first
 * code, where they never are: packed weights and products, of every form and every height of a tile.
 */
export async function frozenPairsCorrectly(instantiate = instantiateFrozenKernels): Promise<boolean> {
  const memory = new WebAssembly.Memory({ initial: 48, maximum: 48 });
  const [module, twin] = [
    await instantiate("wide", memory, memory),
    await instantiate("wide", memory, memory, { twin: true }),
  ];
  const expected = results(twin, memory, small);
  for (let round = 0; round < rounds; round++) {
    results(module, memory, large);
    await new Promise((resolve) => setTimeout(resolve, 5)); // for V8's compiler threads
  }
  const actual = results(module, memory, small);
  return expected.every((words, i) => words.every((word, at) => word === actual[i]?.[at]));
}

/** Packed weights and products of made-up numbers, as words. */
function results(
  exports: KernelExports,
  memory: WebAssembly.Memory,
  { rows: counts, out, inner, times }: typeof small,
): readonly Int32Array[] {
  let end = 64;
  const place = (bytes: number) => {
    const at = end;
    end += Math.ceil(bytes / 64) * 64;
    return at;
  };
  const most = Math.max(...counts);
  const [quads, dots] = [weightForms("wide", exports, 1), weightForms("wide", exports, 2)];
  const forms = [quads.float32, quads.bfloat16, quads.int8, dots.int8];
  const [x, weight, bias, y] = [place(4 * most * inner), place(4 * out * inner), place(4 * out), place(4 * most * out)];
  const to = place(Math.max(...forms.map((form) => form.bytes(out, inner))));
  const scratch = place(0);
  new Float32Array(memory.buffer, x, (y - x) / 4).forEach((_, i, all) => {
    all[i] = Math.sin(i);
  });
  return forms.flatMap((form) => {
    form.pack({ weight, out, inner, to, scratch });
    const packed = new Int32Array(memory.buffer, to, form.bytes(out, inner) / 4).slice();
    const products = counts.flatMap((rows) =>
      [false, true].map((activated) => {
        for (let time = 0; time < times; time++)
          form.linear({ x, rows, inner, packed: to, out, bias, y, activated, scratch });
        return new Int32Array(memory.buffer, y, rows * out).slice();
      }),
    );
    return [packed, ...products];
  });
}
