import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { countRanking, measureRanking } from "../../../scripts/bench/ranking_scale.ts";
import { formatRankings } from "../../../scripts/bench/report.ts";

Deno.test("rankings are counted and done, and told", async () => {
  const recorded = await countRanking({ users: 3000, items: 5000 });
  assert(recorded.commands <= 5 && recorded.seconds > 0);
  assert(recorded.mainBytes >= 3000 * 20 * 4 && recorded.gpuBytes >= 2 * 3000 * 20 * 4);

  const size = { users: 90, items: 70, interactions: 800 };
  const progress: string[] = [];
  const measured = await measureRanking(size, 11, (what) => progress.push(what));
  assertEquals({ ...measured, ...size, asking: 11 }, measured);
  assertEquals(measured.waits, 1);
  assert(measured.seconds > 0 && measured.secondsForOne > 0 && measured.submits > 0);
  assertEquals(progress.length, 3);

  const told = formatRankings(recorded, measured);
  assertStringIncludes(told, "| recorded: 3,000 users × 5,000 items |");
  assertStringIncludes(told, "| done: 11 users × 70 items           |");
});
