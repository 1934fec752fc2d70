import { dropoutThreshold } from "@kindred/random";
import type { Graph, Value } from "@kindred/stablehlo";

const PARITY = 0x1bd11bda;
const rotations = [
  [13, 15, 26, 6],
  [17, 29, 16, 24],
];

/**
 * Whether dropout keeps what stands at each counter (c0, c1) of a key, as i1: the first word of Threefry-2x32-20 there is at least rate·2³².
 * The bits are those of `threefry2x32` of `@kindred/random`.
 *
 * @see Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011, section 4.2
 */
export function keptAt(graph: Graph, key: Value, [c0, c1]: readonly [Value, Value], rate: number): Value {
  return graph.compare("GE", firstWord(graph, key, [c0, c1]), dropoutThreshold(rate));
}

function firstWord(graph: Graph, key: Value, [c0, c1]: readonly [Value, Value]): Value {
  const word = (at: number) => graph.reshape(graph.slice(key, [at], [1]), []);
  const [k0, k1] = [word(0), word(1)];
  const k2 = graph.binary("xor", graph.binary("xor", k0, k1), PARITY);
  let [x0, x1] = [graph.binary("add", c0, k0), graph.binary("add", c1, k1)];
  // After each group of four rounds two of the key's three words are added, in turn.
  const added = [
    [k1, k2],
    [k2, k0],
    [k0, k1],
    [k1, k2],
    [k2, k0],
  ] as const;
  for (const [group, [first, second]] of added.entries()) {
    for (const by of rotations[group % 2] ?? []) {
      x0 = graph.binary("add", x0, x1);
      x1 = graph.binary("xor", rotate(graph, x1, by), x0);
    }
    x0 = graph.binary("add", x0, first);
    x1 = graph.binary("add", x1, graph.binary("add", second, group + 1));
  }
  return x0;
}

function rotate(graph: Graph, x: Value, by: number): Value {
  return graph.binary("or", graph.binary("shift_left", x, by), graph.binary("shift_right_logical", x, 32 - by));
}
