// What runs inside an example's process: compares values, remembers the line, and reports to the runner on file descriptor 3.
import { writeSync } from "node:fs";
import { inspect } from "node:util";

let line = 0;

/** A number as an example shows it: any number that rounds to the shown digits is equal to it. */
class Near {
  /**
   * @param {number} value
   * @param {number} digits after the decimal point
   */
  constructor(value, digits) {
    this.value = value;
    // Half a unit of the last digit shown, and a little for the rounding of the comparison itself.
    this.tolerance = 0.5 * 10 ** -digits * (1 + 1e-6);
  }
  [inspect.custom]() {
    return String(this.value);
  }
}

/**
 * Whether a value equals an expected one: arrays and typed arrays by their elements, objects by their keys, numbers exactly
 * (0 is not −0) or to the digits shown.
 *
 * @param {unknown} actual
 * @param {unknown} expected
 * @returns {boolean}
 */
export function equals(actual, expected) {
  if (expected instanceof Near) {
    return typeof actual === "number" && Math.abs(actual - expected.value) <= expected.tolerance;
  }
  if (isList(actual) && isList(expected)) {
    const [a, b] = [Array.from(actual), Array.from(expected)];
    return a.length === b.length && a.every((value, i) => equals(value, b[i]));
  }
  if (isObject(actual) && isObject(expected) && !isList(actual) && !isList(expected)) {
    if (actual instanceof Map || actual instanceof Set) {
      return (expected instanceof Map || expected instanceof Set) && actual.constructor === expected.constructor
        ? equals([...actual], [...expected])
        : false;
    }
    const keys = Object.keys(actual);
    return (
      keys.length === Object.keys(expected).length &&
      keys.every((key) => key in expected && equals(actual[key], expected[key]))
    );
  }
  return Object.is(actual, expected);
}

/** @param {unknown} value @returns {value is ArrayLike<unknown>} */
function isList(value) {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}

/** @param {unknown} value @returns {value is Record<string, unknown>} */
function isObject(value) {
  return typeof value === "object" && value !== null;
}

/** @param {unknown} message */
function report(message) {
  writeSync(3, `${JSON.stringify(message)}\n`);
}

/** Makes the names that compiled examples use known to them. */
export function install() {
  Object.assign(globalThis, {
    $kindred: {
      at(/** @type {number} */ now) {
        line = now;
      },
      near(/** @type {number} */ value, /** @type {number} */ digits) {
        return new Near(value, digits);
      },
      check(
        /** @type {number} */ at,
        /** @type {string} */ text,
        /** @type {unknown} */ actual,
        /** @type {() => unknown} */ value,
      ) {
        const expected = value();
        const show = { depth: 8, maxArrayLength: 40, breakLength: 100 };
        report({
          line: at,
          ...(equals(actual, expected) ? {} : { text, got: inspect(actual, show), expected: inspect(expected, show) }),
        });
      },
    },
  });
  process.on("uncaughtExceptionMonitor", (error) =>
    report({ line, thrown: error instanceof Error ? error.stack : String(error) }),
  );
}
