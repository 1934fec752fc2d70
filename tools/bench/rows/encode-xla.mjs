import { encodeSetup } from "./encode-setup.mjs";
import { xlaCases } from "./xla-cases.mjs";

/** @type {import("../row.mjs").Row} */
export const encodeXla = {
  id: "encode-xla",
  work: "encoding with a model of MPNet-base's size, on XLA for CPUs",
  how:
    "Texts as in `encode`. Kindred's encoder on XLA, one device of so many threads, memory taken as the command asks glibc to, in float32 and with bfloat16 products, against Kindred's own kernels on as many cores; with `--python` against " +
    "sentence-transformers in float32 and, for information, under `torch.autocast` in bfloat16. Every program is compiled before anything is timed.",
  unit: "tokens/s",
  value: "rate",
  better: "higher",
  floor: 0.85,
  cases: async (scale, { python }) => {
    const { folder, texts, source } = await encodeSetup(scale);
    return xlaCases({
      work: `${texts.length} texts of ${source}`,
      ours: (threads, products) => ({ contestant: "xla-encode", setup: { folder, texts, threads, products } }),
      kernels: (threads) => ({ contestant: "kindred-encode", setup: { folder, texts, cores: threads } }),
      pytorch: (threads, autocast) =>
        python === undefined
          ? undefined
          : { contestant: "pytorch_encode", setup: { folder, texts, threads, autocast }, python },
      floors: { float32: 0.85, bfloat16: [1.5, 1.4], pytorch: 2 },
      // bfloat16 rounds each factor of a product by up to 2⁻⁹: a tenth of 1/√768, the usual size of an element, is allowed.
      tolerances: { float32: 1e-5, bfloat16: 4e-3 },
      rounds: 3,
    });
  },
};
