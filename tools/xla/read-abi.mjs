// Reads the binary interface off a PJRT header with a C compiler: a program of `offsetof` and `sizeof`, compiled and run.
//
// A regular expression over the header would miss fields that are wrapped over two lines, and every number after one would be wrong.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { constants, functions, structs } from "./abi-fields.mjs";

/**
 * Where things lie: `[offset, bytes]` of each field, the slot of each function in the table, and sizes of structs.
 *
 * @typedef {object} Abi
 * @property {readonly [major: number, minor: number]} version of the header
 * @property {number} tableStart the byte of `PJRT_Api` at which slot 0 lies
 * @property {{ readonly [name: string]: number }} slots
 * @property {{ readonly [name: string]: { readonly [field: string]: readonly [offset: number, bytes: number] } }} structs
 * @property {{ readonly [name: string]: number }} sizes in bytes, of the structs that stand in arrays
 * @property {{ readonly [name: string]: number }} constants
 */

const compiler = process.env["CC"] || "gcc";

/** Whether there is a C compiler: `CC`, or else gcc. */
export function hasCompiler() {
  try {
    execFileSync(compiler, ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/**
 * The interface that a header declares.
 *
 * @param {string} header path of a `pjrt_c_api.h`
 * @returns {Abi}
 */
export function readAbi(header) {
  const folder = mkdtempSync(join(tmpdir(), "kindred-abi-"));
  try {
    const source = join(folder, "abi.c");
    const program = join(folder, "abi");
    writeFileSync(source, program_(resolve(header)));
    execFileSync(compiler, ["-std=c11", "-I", dirname(resolve(header)), "-o", program, source], {
      stdio: ["ignore", "ignore", "inherit"],
    });
    return JSON.parse(execFileSync(program, { encoding: "utf8" }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A C program that prints the interface as JSON. @param {string} header */
function program_(header) {
  const all = {
    ...Object.fromEntries(Object.entries(functions).map(([name, fields]) => [`${name}_Args`, fields])),
    ...structs,
  };
  const object = (/** @type {readonly string[]} */ members) =>
    `printf("{");${members.join('printf(",");')}printf("}");`;
  const number = (/** @type {string} */ name, /** @type {string} */ value) =>
    `printf("\\"${name}\\":%ld", (long)(${value}));`;
  const struct = (/** @type {[string, readonly string[]]} */ [name, fields]) =>
    `printf("\\"${name}\\":");${object(fields.map((field) => fieldOf(`PJRT_${name}`, field)))}`;
  return `#include <stdio.h>
#include <stddef.h>
#include "${header}"
#define SIZE(type, field) sizeof(((type*)0)->field)
int main(void) {
  printf("{\\"version\\":[%d,%d],", PJRT_API_MAJOR, PJRT_API_MINOR);
  ${number("tableStart", "offsetof(PJRT_Api, PJRT_Error_Destroy)")}printf(",\\"slots\\":");
  ${object(Object.keys(functions).map((name) => number(name, `(offsetof(PJRT_Api, PJRT_${name}) - offsetof(PJRT_Api, PJRT_Error_Destroy)) / sizeof(void*)`)))}
  printf(",\\"structs\\":");
  ${object(Object.entries(all).map(struct))}
  printf(",\\"sizes\\":");
  ${object([number("NamedValue", "sizeof(PJRT_NamedValue)")])}
  printf(",\\"constants\\":");
  ${object(Object.entries(constants).map(([name, value]) => number(name, value)))}
  printf("}\\n");
  return 0;
}
`;
}

/** @param {string} type @param {string} field */
function fieldOf(type, field) {
  return `printf("\\"${field}\\":[%zu,%zu]", offsetof(${type}, ${field}), SIZE(${type}, ${field}));`;
}
