/**
 * What run.ts prints of the cases.
 *
 * @module
 */
import type { CaseResult } from "./page.ts";

/** A case that takes longer is named, so that somebody looks at it. */
const SLOW_SECONDS = 10;

/** What there is to say of the cases, in lines, and whether all is well. */
export interface Report {
  readonly lines: readonly string[];
  readonly ok: boolean;
}

/**
 * Names each case that failed or that was slow, and counts the rest.
 *
 * @param complaints Errors that the page wrote to its console or did not catch.
 */
export function report(results: readonly CaseResult[], complaints: readonly string[]): Report {
  const failed = results.filter(({ faults }) => faults.length > 0);
  const slow = results.filter(({ seconds }) => seconds > SLOW_SECONDS)
    .map(({ name, seconds }) => `${name} (${seconds.toFixed(0)} s)`);
  return {
    lines: [
      ...failed.map(({ name, faults }) => `failed: ${name}: ${faults.join("; ")}`),
      ...complaints.map((complaint) => `error in the page: ${complaint}`),
      ...(slow.length > 0 ? [`slow: ${slow.join("; ")}`] : []),
      `browser: ${results.length - failed.length} cases passed, ${failed.length} failed`,
    ],
    ok: failed.length + complaints.length === 0,
  };
}
