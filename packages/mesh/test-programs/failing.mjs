import { DataError } from "@kindred/errors";

// Ways to fail: `how` happens on core `who`, at `when` (before, inside the round of, or between collectives); the others go on.
export default async (core, data) => {
  if (data?.failAtStart === core.index) throw new DataError({ file: "start.jsonl", line: 3 }, "cannot start.");
  if (data?.hangAtStart === core.index) await new Promise(() => {});
  return {
    work: ({ who, how, when }) => {
      for (let round = 0; round < 3; round++) {
        const now = { before: round === 0, between: round === 1, after: false }[when];
        if (now && core.index === who) ways[how](core);
        core.allReduce(Float32Array.of(1, 2));
        core.barrier();
      }
      if (when === "after" && core.index === who) ways[how](core);
      return core.index;
    },
    asynchronously: async (who) => {
      if (core.index === who) setTimeout(() => ways.throw(core), 20);
      await new Promise((resolve) => setTimeout(resolve, 60_000));
    },
    idleThenExit: (who) => {
      if (core.index === who) setTimeout(() => process.exit(5), 20);
    },
    unclonable: (who) => (core.index === who ? () => {} : core.index),
    waitForOther: async (ms) => {
      if (core.index === 1) await new Promise((resolve) => setTimeout(resolve, ms));
      core.barrier();
    },
    post: (message) => core.post(message),
    echo: (argument) => argument,
    sleep: (ms) => new Promise((resolve) => setTimeout(() => resolve(core.index), ms)),
    busy: () => {
      for (;;);
    },
  };
};

const ways = {
  throw: () => {
    throw new DataError({ file: "pairs.jsonl", line: 7 }, "not JSON.");
  },
  plain: () => {
    throw new RangeError("out of range");
  },
  unclonableDetails: () => {
    throw Object.assign(new DataError({ file: "f" }, "odd details."), { details: { f: () => {} } });
  },
  exit: () => process.exit(3),
  outOfMemory: () => {
    const kept = [];
    for (;;) kept.push(new Array(10_000).fill(kept.length));
  },
};
