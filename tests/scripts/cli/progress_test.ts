import { assertEquals } from "@std/assert";
import { createProgress, formatBytes, formatDuration } from "../../../scripts/cli/progress.ts";

/** A progress line of 10 epochs with a clock moved by hand; returns what it wrote. */
function recorded(
  isTerminal: boolean,
  { noColor = true, columns = 80, total = 10, before = 0 } = {},
) {
  const written: string[] = [];
  const clock = { seconds: 100 };
  const progress = createProgress({
    label: "train",
    total,
    unit: "epochs",
    before,
    write: (text) => written.push(text),
    isTerminal,
    columns: () => columns,
    now: () => clock.seconds * 1000,
    noColor,
  });
  return { progress, clock, written };
}

Deno.test("a terminal's line is rewritten, cleared to its end, and closed at the finish", () => {
  const { progress, clock, written } = recorded(true);
  progress.update(0);
  clock.seconds += 20;
  progress.update(2, "loss 0.61");
  clock.seconds += 80;
  progress.update(10, "loss 0.50");
  progress.finish();
  assertEquals(written, [
    "\rtrain  0/10 epochs  0%  0.0s\x1b[K",
    "\rtrain  2/10 epochs  20%  20s  ETA 1m 20s  loss 0.61\x1b[K",
    "\rtrain  10/10 epochs  100%  1m 40s  loss 0.50\x1b[K",
    "\rtrain  10/10 epochs  100%  1m 40s  loss 0.50\x1b[K\n",
  ]);
});

Deno.test("what was done before counts, but not for the ETA", () => {
  const { progress, clock, written } = recorded(true, { before: 4 });
  progress.update(4);
  clock.seconds += 20;
  progress.update(6);
  clock.seconds += 40;
  progress.update(10);
  progress.finish();
  assertEquals(written, [
    "\rtrain  4/10 epochs  40%  0.0s\x1b[K",
    "\rtrain  6/10 epochs  60%  20s  ETA 40s\x1b[K",
    "\rtrain  10/10 epochs  100%  1m 0s\x1b[K",
    "\rtrain  10/10 epochs  100%  1m 0s\x1b[K\n",
  ]);
});

Deno.test("a terminal's line is rewritten at most ten times per second", () => {
  const { progress, clock, written } = recorded(true, { total: 1000 });
  for (let done = 1; done <= 1000; done++) {
    clock.seconds += 1 / 256;
    progress.update(done);
  }
  const seconds = 1000 / 256;
  assertEquals(written.length > 5 * seconds, true);
  assertEquals(written.length <= 10 * seconds + 1, true);
});

Deno.test("a line longer than the terminal is cut, so that it does not wrap", () => {
  const { progress, written } = recorded(true, { columns: 12 });
  progress.update(1);
  assertEquals(written, ["\rtrain  1/10\x1b[K"]);
});

Deno.test("a file or pipe gets whole lines, five seconds apart, and the last state", () => {
  const { progress, clock, written } = recorded(false, { noColor: false });
  for (let done = 1; done <= 9; done++) {
    clock.seconds += 2;
    progress.update(done, `loss 0.${done}`);
  }
  progress.finish("stopped early");
  assertEquals(written, [
    "train  3/10 epochs  30%  6.0s  ETA 14s  loss 0.3\n",
    "train  6/10 epochs  60%  12s  ETA 8.0s  loss 0.6\n",
    "train  9/10 epochs  90%  18s  ETA 2.0s  loss 0.9\n",
    "train  9/10 epochs  90%  18s  stopped early\n",
  ]);
});

Deno.test("colours are used where allowed: dim, and green when finished", () => {
  const { progress, written } = recorded(true, { noColor: false });
  progress.update(1);
  progress.finish();
  assertEquals(written, [
    "\rtrain\x1b[2m  1/10 epochs  10%  0.0s  ETA 0.0s\x1b[0m\x1b[K",
    "\r\x1b[32mtrain\x1b[0m\x1b[2m  1/10 epochs  10%  0.0s\x1b[0m\x1b[K\n",
  ]);
});

Deno.test("100% is said only when all is done, also when there is nothing to do", () => {
  const almost = recorded(false, { total: 1000 });
  almost.clock.seconds += 1000;
  almost.progress.update(999);
  assertEquals(almost.written, ["train  999/1000 epochs  99%  16m 40s  ETA 1.0s\n"]);
  const empty = recorded(false, { total: 0 });
  empty.progress.finish();
  assertEquals(empty.written, ["train  0/0 epochs  100%  0.0s\n"]);
});

Deno.test({
  name: "by default it writes to standard error and asks for no permission",
  permissions: "none",
  fn: () => {
    const original = Deno.stderr.writeSync;
    const written: string[] = [];
    Deno.stderr.writeSync = (bytes) => written.push(new TextDecoder().decode(bytes));
    try {
      createProgress({ label: "train", total: 1, unit: "epochs" }).finish();
    } finally {
      Deno.stderr.writeSync = original;
    }
    assertEquals(written.join("").includes("train"), true);
  },
});

const durations: [number, string][] = [
  [0, "0.0s"],
  [4.24, "4.2s"],
  [9.94, "9.9s"],
  [9.96, "10s"],
  [59.4, "59s"],
  [59.6, "1m 0s"],
  [80, "1m 20s"],
  [3599.4, "59m 59s"],
  [3599.6, "1h 0m"],
  [7500, "2h 5m"],
  [86_399, "1d 0h"],
  [273_600, "3d 4h"],
];

Deno.test("durations are given in their two largest units", () => {
  for (const [seconds, text] of durations) assertEquals(formatDuration(seconds), text);
});

const sizes: [number, string][] = [
  [0, "0 B"],
  [999, "999 B"],
  [1000, "1.0 kB"],
  [1536, "1.5 kB"],
  [999_999, "1.0 MB"],
  [141e9, "141.0 GB"],
  [3e15, "3000.0 TB"],
];

Deno.test("sizes are given in decimal units", () => {
  for (const [bytes, text] of sizes) assertEquals(formatBytes(bytes), text);
});
