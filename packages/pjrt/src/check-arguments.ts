import { ShapeError } from "@kindred/errors";
import type { Device } from "./device.ts";
import type { DeviceBuffer } from "./device-buffer.ts";
import { describeSpec } from "./element-type.ts";
import { PjrtError } from "./pjrt-error.ts";
import type { ParameterSpec } from "./read-signature.ts";

/** Arguments of a call, `[device][argument]`. */
export type Arguments = readonly (readonly DeviceBuffer[])[];

/**
 * Checks a call's arguments before the plugin sees them. It would take any shape and type of as many bytes; and where one device of
 * many refuses its arguments, the others wait for it and end the process after 40 seconds.
 *
 * @throws ShapeError if a count, shape or type does not fit
 * @throws PjrtError if an argument lies on another device, or a donated one is given twice
 */
export function checkArguments(
  parameters: readonly ParameterSpec[],
  lists: Arguments,
  devices: readonly Device[],
): void {
  if (lists.length !== devices.length)
    throw new ShapeError(`execute: a list of arguments per device. Got ${lists.length}, expected ${devices.length}.`, {
      lists: lists.length,
      devices: devices.length,
    });
  const donates = parameters.some(({ donated }) => donated);
  for (const [d, list] of lists.entries()) {
    checkList(parameters, list, { device: devices[d], d });
    if (donates) checkDonations(parameters, list, d);
  }
}

type At = { readonly device: Device | undefined; readonly d: number };

function checkList(parameters: readonly ParameterSpec[], list: readonly DeviceBuffer[], { device, d }: At): void {
  if (list.length !== parameters.length)
    throw new ShapeError(
      `execute: another number of arguments than main has. Got ${list.length} for device ${d}, expected ${parameters.length}.`,
      { device: d, got: list.length, expected: parameters.length },
    );
  for (let i = 0; i < parameters.length; i++) {
    const buffer = list[i];
    const wanted = parameters[i];
    if (buffer === undefined || wanted === undefined) continue; // never: both lists are so long
    if (buffer.type !== wanted.type || !sameShape(buffer.shape, wanted.shape))
      throw new ShapeError(
        `execute: argument ${i} of device ${d} does not fit. Got ${describeSpec(buffer)}, expected ${describeSpec(wanted)}.`,
        { argument: i, device: d, got: describeSpec(buffer), expected: describeSpec(wanted) },
      );
    if (buffer.device !== device)
      throw new PjrtError(
        "INVALID_ARGUMENT",
        "execute",
        `execute: argument ${i} of device ${d} lies elsewhere. Got one on device ${buffer.device.id}${buffer.device.id === device?.id ? " of another client" : ""}, expected device ${device?.id}. Put it there.`,
        { argument: i, got: buffer.device.id, expected: device?.id },
      );
  }
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false;
  for (let axis = 0; axis < a.length; axis++) if (a[axis] !== b[axis]) return false;
  return true;
}

/** A donated buffer may be given once: the program writes over it. */
function checkDonations(parameters: readonly ParameterSpec[], list: readonly DeviceBuffer[], d: number): void {
  const first = new Map<DeviceBuffer, number>();
  for (const [i, buffer] of list.entries()) {
    const other = first.get(buffer);
    if (other === undefined) first.set(buffer, i);
    else if (parameters[i]?.donated === true || parameters[other]?.donated === true)
      throw new PjrtError(
        "INVALID_ARGUMENT",
        "execute",
        `execute: a donated buffer is given twice. Got the same one as arguments ${other} and ${i} of device ${d}, expected it once, since the program writes over it.`,
        { arguments: [other, i], device: d },
      );
  }
}
