import { DataError } from "@kindred/errors";

// Jobs that do what they say: [what, argument].
export default async (data, { post }) => {
  if (data?.greets) post("set up");
  if (data?.failAtStart) throw new DataError({ file: "model.json" }, "cannot start.");
  if (data?.hangAtStart) await new Promise(() => {});
  let done = 0;
  const ways = {
    echo: (argument) => argument,
    add: (numbers) => numbers.reduce((sum, x) => sum + x, data?.base ?? 0),
    length: (array) => array.length,
    done: () => done,
    throw: () => {
      throw new DataError({ file: "pairs.jsonl", line: 7 }, "not JSON.");
    },
    exit: (code) => process.exit(code),
    idleThenExit: (code) => void setTimeout(() => process.exit(code), 20),
    crash: () => {
      setTimeout(() => ways.throw(), 10);
      return new Promise(() => {});
    },
    unclonable: () => () => {},
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    untilAborted: (_, { signal }) =>
      new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    busyServing: (ms, { signal, serveUrgent }) => {
      for (const end = Date.now() + ms; Date.now() < end && !signal.aborted; ) serveUrgent();
    },
    busy: () => {
      for (;;);
    },
  };
  // Not asynchronous: the answer of an urgent job must not wait for the end of the job in whose middle it runs.
  return ([what, argument], options) => {
    const result = ways[what](argument, options);
    done++;
    return result;
  };
};
