/**
 * Large work, cut into dispatches that no driver takes for a hang.
 *
 * @module
 */

/** Floating-point operations of a dispatch at most: some milliseconds on a GPU that is built into a processor. */
export const LARGEST_DISPATCH = 2e9;

/** Work that a kernel does in units, such as rows or workgroups, which need not be in one dispatch. */
export interface Work {
  /** Number of units. */
  readonly units: number;
  /** Floating-point operations of the largest unit. */
  readonly largestUnit: number;
  /** Floating-point operations of all units; `units` times the largest where it is not given. */
  readonly operations?: number;
}

/** Units that follow each other. */
export interface Stretch {
  /** The first of them. */
  readonly first: number;
  /** How many there are. */
  readonly count: number;
}

/**
 * Cuts work into as few stretches of about the same length as stay within a limit: one where all of it does.
 *
 * @param limit Floating-point operations of a stretch at most, unless a single unit takes more.
 * @returns The stretches, in order; none where there are no units.
 */
export function stretches(
  { units, largestUnit, operations = units * largestUnit }: Work,
  limit = LARGEST_DISPATCH,
): Stretch[] {
  if (units === 0) return [];
  if (operations <= limit) return [{ first: 0, count: units }];
  const fitting = Math.max(1, Math.floor(limit / largestUnit));
  const size = Math.ceil(units / Math.ceil(units / fitting));
  return Array.from({ length: Math.ceil(units / size) }, (_, i) => ({
    first: i * size,
    count: Math.min(size, units - i * size),
  }));
}
