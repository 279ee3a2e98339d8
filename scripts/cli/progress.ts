/**
 * One line on stderr that says how far a long task is and when it will end.
 *
 * @module
 */

/** What {@link createProgress} needs to know. */
export interface ProgressOptions {
  /** What is being done: "train". */
  readonly label: string;
  /** How many units make the whole. */
  readonly total: number;
  /** What is counted: "epochs". */
  readonly unit: string;
  /** How many were done before, in no time of this task; 0 unless told. */
  readonly before?: number;
  /** Takes the text; standard error unless told. */
  readonly write?: (text: string) => void;
  /** Whether the text goes to a terminal, where a line can be rewritten. */
  readonly isTerminal?: boolean;
  /** Characters in a terminal's line, asked for at every drawing since windows change. */
  readonly columns?: () => number;
  /** The time in milliseconds from any fixed moment. */
  readonly now?: () => number;
  /** Whether to leave out colours; unless told, whether NO_COLOR is set. */
  readonly noColor?: boolean;
}

/** A running progress line. */
export interface Progress {
  /** Says that `done` units are done in all, with a short note such as the loss. */
  update(done: number, note?: string): void;
  /** Prints the last state once more, for good. */
  finish(note?: string): void;
}

const TERMINAL_INTERVAL_MS = 100;
const PLAIN_INTERVAL_MS = 5_000;
const CLEAR_TO_END = "\x1b[K";

/**
 * Starts a progress line. A terminal's line is rewritten at most ten times per second; anything else
 * gets a plain line every five seconds at most, and one at the end.
 */
export function createProgress(options: ProgressOptions): Progress {
  const {
    label,
    total,
    unit,
    before = 0,
    write = writeToStderr,
    isTerminal = Deno.stderr.isTerminal(),
    columns = terminalColumns,
    now = () => performance.now(),
    noColor = Deno.noColor,
  } = options;
  const start = now();
  const interval = isTerminal ? TERMINAL_INTERVAL_MS : PLAIN_INTERVAL_MS;
  let lastPrint = isTerminal ? -Infinity : start;
  let done = before;
  let note = "";
  let printed = "";

  function print(finished: boolean): void {
    printed = `${done} ${note}`;
    const elapsed = (now() - start) / 1000;
    const state = `${done}/${total} ${unit}  ${percentage(done, total)}`;
    const times = finished
      ? formatDuration(elapsed)
      : `${formatDuration(elapsed)}${remaining(done - before, total - before, elapsed)}`;
    const parts = [label, state, times, note].filter((part) => part !== "");
    if (!isTerminal) return write(`${parts.join("  ")}\n`);
    // One column less: some terminals wrap as soon as the last one is filled.
    const line = parts.join("  ").slice(0, columns() - 1);
    const painted = noColor ? line : paint(line, label.length, finished);
    write(`\r${painted}${CLEAR_TO_END}${finished ? "\n" : ""}`);
  }

  return {
    update(nowDone: number, nowNote = ""): void {
      done = nowDone;
      note = nowNote;
      if (now() - lastPrint < interval) return;
      lastPrint = now();
      print(false);
    },
    finish(lastNote = note): void {
      // A plain line that said the same is not said twice.
      if (!isTerminal && printed === `${done} ${lastNote}`) return;
      note = lastNote;
      print(true);
    },
  };
}

/** The label stands out, green once finished; the rest is dim. */
function paint(line: string, labelLength: number, finished: boolean): string {
  const label = line.slice(0, labelLength);
  const rest = line.slice(labelLength);
  return `${finished ? `\x1b[32m${label}\x1b[0m` : label}\x1b[2m${rest}\x1b[0m`;
}

function percentage(done: number, total: number): string {
  // Rounded down: 100% only when all is done.
  return `${total === 0 ? 100 : Math.floor((100 * done) / total)}%`;
}

function remaining(done: number, total: number, elapsed: number): string {
  if (done <= 0 || done >= total) return "";
  return `  ETA ${formatDuration((elapsed / done) * (total - done))}`;
}

function writeToStderr(text: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(text));
}

function terminalColumns(): number {
  try {
    return Deno.consoleSize().columns || 80; // 0 where nobody told the terminal its size.
  } catch {
    return 80; // No terminal after all.
  }
}

/** A duration in its two largest units: "4.2s", "42s", "1m 20s", "2h 5m", "3d 4h". */
export function formatDuration(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)}s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m ${whole % 60}s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 1440) return `${Math.floor(minutes / 60)}h ${minutes % 60}m`;
  const hours = Math.round(seconds / 3600);
  return `${Math.floor(hours / 24)}d ${hours % 24}h`;
}

/** A size in decimal units, as in the paper: "512 B", "1.5 kB", "2.0 GB". */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const units = ["kB", "MB", "GB", "TB"];
  let value = bytes / 1000;
  let unit = 0;
  // The limit is what would round to 1000.0.
  while (value >= 999.95 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value.toFixed(1)} ${units[unit]}`;
}
