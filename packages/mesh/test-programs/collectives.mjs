// Every core runs the collectives that main names: [name, argument, options] in turn, and gives back their results.
export default async (core) => ({
  run: (steps) => steps.map(([name, argument, options]) => core[name](argument, options)),
  time: ({ name, length, rounds }) => {
    const array = new Float32Array(length).fill(core.index);
    for (let i = 0; i < 5; i++) core[name](array);
    const started = performance.now();
    for (let i = 0; i < rounds; i++) core[name](array);
    return (performance.now() - started) / rounds;
  },
});
