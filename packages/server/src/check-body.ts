import { nearestName } from "@kindred/errors";
import * as v from "valibot";
import { RequestError } from "./request-error.ts";

/**
 * A body that is as its schema says.
 *
 * @throws RequestError that names the first field which is not, and what it should be.
 */
export function checkBody<Body>(schema: BodySchema<Body>, body: unknown): Body {
  if (typeof body !== "object" || body === null || Array.isArray(body))
    throw new RequestError("validation", `The body does not fit. Got ${shown(body)}, expected an object.`);
  const names = Object.keys(schema.entries);
  const unknown = Object.keys(body).find((key) => !names.includes(key));
  if (unknown !== undefined) {
    const nearest = nearestName(unknown, names);
    const hint = nearest === undefined ? `Expected some of ${names.join(", ")}.` : `Did you mean ${nearest}?`;
    throw new RequestError("validation", `Unknown field ${shown(unknown)}. ${hint}`, { field: unknown.slice(0, 60) });
  }
  const result = v.safeParse(schema, body, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  const field = v.getDotPath(issue) ?? "The body";
  const expected = issue.message.startsWith("Invalid ") ? (issue.expected ?? issue.type) : issue.message;
  const problem =
    issue.input === undefined ? "is missing" : `does not fit. Got ${shown(issue.input)}, expected ${expected}`;
  throw new RequestError("validation", `${field} ${problem}.`, { field });
}

/** The schema of a body: an object with these fields and no others. */
export type BodySchema<Body> = v.GenericSchema<unknown, Body> & { readonly entries: object };

/** A value in a few letters, however large it is. */
function shown(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object" && value !== null) return "an object";
  if (value === undefined) return "nothing";
  const json = JSON.stringify(value);
  return json.length > 60 ? `${json.slice(0, 60)}…` : json;
}
