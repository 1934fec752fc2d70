import { ConfigError } from "@kindred/errors";
import { expect, test } from "vitest";
import { softmaxDirections } from "./softmax-directions.ts";

test("by default each end of a pair has a softmax, and with negatives the query alone", () => {
  expect(softmaxDirections({}, 2)).toEqual([["queryToDoc"], ["docToQuery"]]);
  expect(softmaxDirections({}, 3)).toEqual([["queryToDoc"]]);
  expect(softmaxDirections({ direction: "symmetric" }, 3)).toEqual([["queryToDoc"], ["docToQuery"]]);
});

test("joint directions share one softmax, query to document first", () => {
  expect(softmaxDirections({ directions: ["docToDoc", "queryToQuery", "queryToDoc"] }, 2)).toEqual([
    ["queryToDoc", "queryToQuery", "docToDoc"],
  ]);
});

test("a direction of its own without the right answer is refused, with the values", () => {
  const options = { directions: ["queryToDoc", "docToDoc"], partition: "perDirection" } as const;
  expect(() => softmaxDirections(options, 2)).toThrow(ConfigError);
  expect(() => softmaxDirections(options, 2)).toThrow('Got {"directions":["queryToDoc","docToDoc"]');
});
