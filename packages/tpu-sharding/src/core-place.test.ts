import { MeshError } from "@kindred/errors";
import { type Core, soloCore } from "@kindred/mesh";
import { expect, test } from "vitest";
import { coreAt, placeOf } from "./core-place.ts";

test("a thread finds the core that it is by its place, and refuses to be another", () => {
  expect(() => coreAt({ index: 1, size: 2 })).toThrow(MeshError);
  expect(() => coreAt({ index: 1, size: 2 })).toThrow("this thread is not core 1 of 2. Got none");
  const core: Core = { ...soloCore(), index: 1, size: 2 };
  expect(placeOf(core)).toEqual({ index: 1, size: 2 });
  expect(placeOf(soloCore())).toEqual({ index: 0, size: 1 }); // a mesh of one is no other mesh's core
  expect(coreAt({ index: 1, size: 2 })).toBe(core);
  for (const place of [
    { index: 0, size: 2 },
    { index: 1, size: 3 },
  ])
    expect(() => coreAt(place)).toThrow("Got core 1 of 2");
});
