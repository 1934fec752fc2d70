import { encodeSetup } from "./encode-setup.mjs";

/** @type {import("../row.mjs").Row} */
export const servePython = {
  id: "serve-python",
  work: "answering single texts over HTTP with a model of MPNet-base's size, against sentence-transformers behind FastAPI",
  how:
    "Texts as in `encode`, each a request of its own, over 64 connections that are always busy. The other server (`tools/bench/python/fastapi_server.py`) " +
    "computes together what waits, up to 32 texts. The client works on the same cores.",
  unit: "requests/s",
  value: "rate",
  better: "higher",
  floor: 1.25,
  byHand: true,
  cases: async (scale, { python }) => {
    const { folder, texts, source } = await encodeSetup(scale);
    const setup = { folder, texts, threads: 2, connections: 64 };
    return [
      {
        case: `${texts.length} texts of ${source}, 64 connections, 2 cores`,
        ours: { contestant: "kindred-server", setup },
        theirs: { contestant: "python-server", setup: { ...setup, python: python ?? "" } },
        threads: 2,
        rounds: 3,
        tolerance: 1e-5,
      },
    ];
  },
};
