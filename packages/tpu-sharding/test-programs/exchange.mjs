import { parameterExchange } from "@kindred/tpu-sharding";

// Exchanges gradients that main gives each core, and adds the sums to the weights.
export default async (core, { shards, memory }) => {
  const exchange = parameterExchange(core, shards, memory);
  return {
    step: (gradients) => {
      for (const [name, gradient] of gradients) exchange.addGradient(name, gradient);
      const sums = exchange.reduceGradients();
      for (const [name, own] of Object.entries(exchange.ownWeights)) {
        for (let i = 0; i < own.length; i++) own[i] += sums[name][i];
      }
      return Object.fromEntries(Object.entries(exchange.publishWeights()).map(([name, all]) => [name, all.slice()]));
    },
    /** Milliseconds of each part of a step, the mean over rounds. */
    time: (rounds) => {
      const parts = { add: 0, reduce: 0, publishAndRead: 0 };
      const mine = shards.parameters.map(({ name, length }) => [name, new Float32Array(length).fill(core.index + 1)]);
      const copies = shards.parameters.map(({ length }) => new Float32Array(length));
      for (let round = -3; round < rounds; round++) {
        const at = [performance.now()];
        for (const [name, gradient] of mine) exchange.addGradient(name, gradient);
        at.push(performance.now());
        exchange.reduceGradients();
        at.push(performance.now());
        const weights = exchange.publishWeights();
        for (const [i, { name }] of shards.parameters.entries()) copies[i].set(weights[name]);
        at.push(performance.now());
        if (round < 0) continue;
        for (const [i, part] of Object.keys(parts).entries()) parts[part] += (at[i + 1] - at[i]) / rounds;
      }
      return parts;
    },
  };
};
