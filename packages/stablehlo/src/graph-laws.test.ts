import { expectMutantToFail } from "@kindred/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { interpret } from "../test-support/interpret.ts";
import { argumentsFor, follow, type Known, LENGTH, steps } from "../test-support/recipes.ts";
import { Graph } from "./index.ts";

const some = fc.array(fc.nat(60), { minLength: 1, maxLength: 4 });

/** What lies at some places, counted around. */
function picked(known: readonly Known[], places: readonly number[]): Known[] {
  return places.map((place) => known[place % known.length] as Known); // never empty: a recipe begins with a parameter
}

test("a program gives what was recorded, and nothing of it is merged with what differs or dropped though needed", () => {
  fc.assert(
    fc.property(steps(), some, (recipe, places) => {
      const graph = new Graph();
      const known = follow(graph, recipe);
      const wanted = picked(known, places);
      const program = graph.program(wanted.map(({ value }) => value));
      expect(interpret(program, argumentsFor(program.parameters, known))).toEqual(
        wanted.map(({ elements }) => elements),
      );
    }),
  );
});

test("that law would notice arguments in the order of recording, and a zero that has lost its sign", () => {
  const graph = new Graph();
  const [first, second] = [graph.parameter([1]), graph.parameter([1])];
  const program = graph.program([graph.binary("subtract", second, first), graph.constant(-0, "f32", [1])]);
  const check = (text: string, args: number[][]) => expect(interpret({ text }, args)).toEqual([[5 - 3], [-0]]);
  check(program.text, [[5], [3]]);
  expectMutantToFail(() => check(program.text, [[3], [5]]));
  expectMutantToFail(() => check(program.text.replace("dense<-0", "dense<0"), [[5], [3]]));
});

test("a program holds nothing that no output needs, and takes nothing that it does not use", () => {
  fc.assert(
    fc.property(steps(), some, (recipe, places) => {
      const graph = new Graph();
      const wanted = picked(follow(graph, recipe), places).map(({ value }) => value);
      const [main = ""] = graph.program(wanted).text.split("  func.func private");
      const [head = "", ...lines] = main.slice(main.indexOf("func.func")).split("\n");
      const used = new Set(lines.flatMap((line) => line.replace(/^ *%\d+(:\d+)? = /, "").match(/%a?\d+/g) ?? []));
      const made = lines.flatMap((line) => /^ *(%\d+)/.exec(line)?.[1] ?? []);
      expect([...made, ...(head.match(/%a\d+/g) ?? [])].filter((name) => !used.has(name))).toEqual([]);
    }),
  );
});

test("recording anything again gives the value of the first time", () => {
  fc.assert(
    fc.property(steps(), (recipe) => {
      const again = recipe.filter(({ kind }) => kind !== "parameter");
      const graph = new Graph();
      const start = follow(graph, []);
      const values = (known: readonly Known[]) => known.slice(1).map(({ value }) => value);
      const first = values(follow(graph, again, start));
      const { size } = graph;
      expect(values(follow(graph, again, start))).toEqual(first);
      expect(graph.size).toBe(size);
    }),
  );
});

test("the same recording has the same text, whatever else was recorded between", () => {
  fc.assert(
    fc.property(steps(), steps(), some, (recipe, others, places) => {
      const print = (graph: Graph, start: readonly Known[]) =>
        graph.program(picked(follow(graph, recipe, start), places).map(({ value }) => value));
      const [alone, among] = [new Graph(), new Graph()];
      const start = follow(among, []);
      follow(
        among,
        others.filter(({ kind }) => kind !== "parameter"),
        start,
      );
      among.cut(); // else what the others made already would be used, from its own place in the order
      const [one, other] = [print(alone, follow(alone, [])), print(among, start)];
      expect(other.text).toBe(one.text);
      expect(other.hash).toBe(one.hash);
    }),
  );
});

test("a fork goes on as if nothing else had been recorded, and leaves the other alone", () => {
  fc.assert(
    fc.property(steps(), steps(), steps(), some, (shared, own, others, places) => {
      const [forked, plain] = [new Graph(), new Graph()];
      const start = follow(forked, shared);
      const { size } = forked;
      follow(forked, others, start);
      const fork = forked.fork(size);
      const before = forked.program(start.map(({ value }) => value)).text;
      const print = (graph: Graph, known: readonly Known[]) =>
        graph.program(picked(follow(graph, own, known), places).map(({ value }) => value)).text;
      expect(print(fork, start)).toBe(print(plain, follow(plain, shared)));
      expect(forked.program(start.map(({ value }) => value)).text).toBe(before);
    }),
  );
});

test("programs of the pieces between cuts give, one after another, what the whole gives", () => {
  fc.assert(
    fc.property(steps({ maxLength: 12 }), steps({ maxLength: 12 }), some, (before, after, places) => {
      const graph = new Graph();
      const first = follow(graph, before);
      graph.cut();
      const all = follow(graph, after, first);
      const wanted = picked(all, places);
      const second = graph.program(
        wanted.map(({ value }) => value),
        { parameters: first.map(({ value }) => value) },
      );
      // What crosses the cut is an output of the first piece and a parameter of the second.
      const crossing = second.parameters.filter((value) => first.some((known) => known.value === value));
      const piece = graph.program(crossing.length > 0 ? crossing : [graph.constant(0)]);
      const crossed = interpret(piece, argumentsFor(piece.parameters, all));
      const args = second.parameters.map(
        (value) => crossed[crossing.indexOf(value)] ?? argumentsFor([value], all)[0] ?? [],
      );
      expect(interpret(second, args)).toEqual(wanted.map(({ elements }) => elements));
    }),
  );
});

test("two pieces that were recorded alike have one text, whatever came between their parameters", () => {
  const graph = new Graph();
  const chunk = (weight: ReturnType<Graph["parameter"]> | undefined) => {
    graph.cut();
    const ids = graph.parameter([LENGTH]);
    const shared = weight ?? graph.parameter([LENGTH]);
    const out = graph.binary("multiply", graph.binary("add", ids, 1), shared);
    return { out, shared, ids };
  };
  const first = chunk(undefined);
  const second = chunk(first.shared);
  const programs = [first, second].map(({ out }) => graph.program([out]));
  expect(programs[1]?.hash).toBe(programs[0]?.hash);
  expect(programs.map(({ parameters }) => parameters)).toEqual([
    [first.ids, first.shared],
    [second.ids, first.shared],
  ]);
});
