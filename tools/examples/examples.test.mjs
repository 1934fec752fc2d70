// The example runner runs what it should, and can fail.
import { expect, test } from "vitest";
import { extractExamples } from "./extract.mjs";
import { runExample } from "./run-example.mjs";
import { equals } from "./runtime.mjs";

const fence = "```";

/** @param {string} code */
function run(code) {
  return runExample({ file: "README.md", line: 10, code, ignored: false }, { timeoutMs: 10_000 });
}

test("finds ts fences in Markdown with their lines, and no others", () => {
  const text = [
    "# Title",
    `${fence}ts`,
    "a;",
    fence,
    `${fence}sh`,
    "npm start",
    fence,
    `${fence}ts ignore`,
    "b;",
    "c;",
    fence,
    `${fence}js`,
    "d;",
    fence,
  ].join("\n");
  expect(extractExamples("README.md", text)).toEqual([
    { file: "README.md", line: 3, code: "a;", ignored: false },
    { file: "README.md", line: 9, code: "b;\nc;", ignored: true },
  ]);
});

test("finds ts fences in TSDoc comments only", () => {
  const text = [
    "/**",
    " * Adds.",
    " *",
    " * @example",
    ` * ${fence}ts`,
    " * if (a) {",
    " *   b;",
    " * }",
    ` * ${fence}`,
    " */",
    "export function add() {}",
    "/* no TSDoc",
    ` * ${fence}ts`,
    " * c;",
    ` * ${fence}`,
    " */",
  ].join("\n");
  expect(extractExamples("src/add.ts", text)).toEqual([
    { file: "src/add.ts", line: 6, code: "if (a) {\n  b;\n}", ignored: false },
  ]);
});

test("accepts values on the same line, on the next, over several lines, of declarations and of console.log", async () => {
  const code = [
    'import { nearestName } from "@kindred/errors";',
    'const name: string | undefined = nearestName("lerningRate", ["learningRate"]); // => "learningRate"',
    "Math.PI; // => 3.14",
    "-Math.PI; // => -3.1416",
    "console.log(new Float32Array([0.1, 2])); // => [0.1, 2]",
    "({ a: [1, { b: null }] });",
    "// => { a: [1,",
    "//      { b: null }] }",
    "for (const i of [1, 1]) {",
    "  i; // => 1",
    "}",
    "await Promise.resolve(new Map([[1, 2]])); // => new Map([[1, 2]])",
  ].join("\n");
  expect(await run(code)).toEqual([]);
});

test("names file, line, expression, got and expected of a wrong value, and goes on", async () => {
  const faults = await run('const x = 1;\nx + 1; // => 3\n"a"; // => "b"');
  expect(faults).toEqual([
    "README.md:11: x + 1\n  got      2\n  expected 3",
    "README.md:12: \"a\"\n  got      'a'\n  expected 'b'",
  ]);
});

test.each([
  ["throws", 'const a = 1;\nthrow new Error("no such thing");', /^README\.md:11: threw Error: no such thing/],
  ["names what no package exports", 'import { nothing } from "@kindred/errors";', /README\.md:10: .*nothing/s],
  ["never reaches a value", "function unused() {\n  1; // => 1\n}", /^README\.md:11: this value was never reached/],
  ["shows no JavaScript value", "1 + 1; // => two things", /is no JavaScript value/],
  ["shows a value of nothing", "// => 1", /follows no statement/],
  ["ends with an exit code", "process.exit(3);", /ended with exit code 3/],
])("fails an example that %s", async (_, code, message) => {
  expect(await run(code)).toEqual([expect.stringMatching(message)]);
});

test("fails an example that doesn't end", async () => {
  const endless = { file: "README.md", line: 10, code: "setInterval(() => {}, 1000);", ignored: false };
  expect(await runExample(endless, { timeoutMs: 500 })).toEqual([expect.stringMatching(/still running after 500 ms/)]);
});

test.each([
  [1, 1.0000001],
  [0, -0],
  [[1, 2], [1]],
  [[1], { 0: 1 }],
  [{ a: 1 }, { a: 1, b: undefined }],
  [null, undefined],
  [new Set([1]), [1]],
])("%o does not equal %o", (actual, expected) => {
  expect(equals(actual, expected)).toBe(false);
});
