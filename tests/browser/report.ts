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
 * Names each case that failed, that could not run or that was slow, and counts the rest. What could not
 * run, because its kernel binds more buffers than the browser allows, is no failure.
 *
 * @param complaints Errors that the page wrote to its console or did not catch.
 */
export function report(results: readonly CaseResult[], complaints: readonly string[]): Report {
  const failed = results.filter(({ faults }) => faults.length > 0 && !isBeyondLimit(faults));
  const beyond = results.filter(({ faults }) => isBeyondLimit(faults));
  const slow = results.filter(({ seconds }) => seconds > SLOW_SECONDS)
    .map(({ name, seconds }) => `${name} (${seconds.toFixed(0)} s)`);
  const passed = results.length - failed.length - beyond.length;
  const beyondNames = beyond.map(({ name }) => name).join("; ");
  return {
    lines: [
      ...failed.map(({ name, faults }) => `failed: ${name}: ${faults.join("; ")}`),
      ...complaints.map((complaint) => `error in the page: ${complaint}`),
      ...(beyond.length > 0
        ? [
          `${beyond.length} not run, as they bind more storage buffers than the page may: ${beyondNames}`,
        ]
        : []),
      ...(slow.length > 0 ? [`slow: ${slow.join("; ")}`] : []),
      `browser: ${passed} cases passed, ${failed.length} failed, ${beyond.length} not run`,
    ],
    ok: failed.length + complaints.length === 0,
  };
}

/** As Chromium says it: "The number of storage buffers (12) in the Compute stage exceeds the maximum …". */
function isBeyondLimit(faults: readonly string[]): boolean {
  return faults.some((fault) => /number of storage buffers \(\d+\).* exceeds the max/.test(fault));
}
