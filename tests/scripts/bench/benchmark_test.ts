import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { median } from "d3-array";
import { runBenchmark } from "../../../scripts/bench/benchmark.ts";
import { formatBenchmark } from "../../../scripts/bench/report.ts";
import { generateDataset, skewedDegrees } from "../../../scripts/bench/generated_graph.ts";
import { InputError } from "../../../src/input_error.ts";

const USERS = 120, ITEMS = 90, PAIRS = 1100, DIM = 64;

/** A generated dataset, the default embedding width below its number of items. */
function smallDataset() {
  const skew = { total: PAIRS, least: 3, exponent: 0.5 };
  const users = skewedDegrees({ ...skew, count: USERS, seed: 1 });
  const items = skewedDegrees({ ...skew, count: ITEMS, seed: 2 });
  return generateDataset("small", { users, items }, 1);
}

Deno.test("everything asked for is measured, and told", async (test) => {
  const progress: string[] = [];
  const report = await runBenchmark(smallDataset(), {
    epochs: 2,
    largest: 3,
    onProgress: (what) => progress.push(what),
  });
  const { step, models, preparation, growth } = report;

  await test.step("each dispatch is in one kernel's line, each stage has its share", () => {
    const commands = step.kernels.reduce((sum, { perStep }) => sum + perStep, 0);
    assertEquals(commands, step.commands);
    for (const kernel of step.kernels) {
      assert(kernel.microseconds > 0 && kernel.bytes > 0 && kernel.shareOfCopy > 0, kernel.kernel);
    }
    const stages = new Set(step.kernels.map(({ stage }) => stage));
    assertEquals(stages, new Set(Object.keys(step.shares)));
    const whole = Object.values(step.shares).reduce((sum, share) => sum + share, 0);
    assert(Math.abs(whole - 1) < 1e-12, String(whole));
  });

  await test.step("traffic is what a kernel must read and write", () => {
    const bytesOf = (name: string) => step.kernels.find(({ kernel }) => kernel === name)?.bytes;
    const [users, items] = [4 * USERS * DIM, 4 * ITEMS * DIM];
    assertEquals(bytesOf("clear"), undefined);
    assertEquals(bytesOf("note"), 8);
    const copies = step.kernels.filter(({ kernel }) => kernel === "copy to image");
    for (const { stage, bytes } of copies) {
      assertEquals(bytes, 2 * (stage === "BSC and update" ? items : users + items));
    }
    assertEquals(bytesOf("bpr_coefficients"), 4 * 3 * PAIRS / 2); // two batches
    const [stored, updated] = ["store", "decayed_update"].map((ending) =>
      step.kernels.find(({ kernel, stage }) =>
        stage === "BSC and update" && kernel.endsWith(`, ${ending}`)
      )!.bytes
    );
    assert(stored! > 2 * items);
    // Half of the two stored passes gather from the base itself; an update also reads what it writes.
    assertEquals(updated! - stored!, 1.5 * items);
  });

  await test.step("each model has its epochs, ranking and memory", () => {
    assertEquals(models.map(({ model }) => model), ["STAIR", "LightGCN", "MF-BPR"]);
    for (const costs of models) {
      const { epochSeconds, secondsPerEpoch, rankingSeconds, peakGpuBytes } = costs;
      assert(costs.waitsPerEpoch > 0 && costs.submitsPerSecond > 0 && costs.rankingWaits > 0);
      assertEquals(epochSeconds.length, 2);
      assertEquals(secondsPerEpoch, median(epochSeconds));
      assert(rankingSeconds > 0);
      assert(peakGpuBytes > 5 * 4 * (USERS + ITEMS) * DIM);
    }
  });

  await test.step("both preparations of both modalities are timed", () => {
    const parts = preparation.map(({ what, features }) => `${what}, ${features}`);
    assertEquals(parts, [
      "nearest items, text",
      "whitening, text",
      "nearest items, image",
      "whitening, image",
    ]);
  });

  await test.step("the largest graph is as large as asked for", () => {
    assertEquals(growth!.map(({ factor }) => factor), [1, 2, 3]);
    assertEquals(growth!.map(({ interactions }) => interactions), [PAIRS, 2 * PAIRS, 3 * PAIRS]);
    assertEquals(growth![0]!.perInteraction, 1);
  });

  await test.step("the report holds all of it, and JSON loses nothing", () => {
    const text = formatBenchmark(report);
    const telling = [...step.kernels.map(({ kernel }) => kernel), ...Object.keys(step.shares)];
    for (const part of [...telling, ...models.map(({ model }) => model), report.adapter]) {
      assertStringIncludes(text, part);
    }
    assertStringIncludes(text, "Growth");
    assertStringIncludes(text, "1 GB = 1,000 MB = 10^9 bytes");
    assertEquals(JSON.parse(JSON.stringify(report)), report);
    assert(progress.length > 5);
  });

  await test.step("the report names the paper's figures on its own datasets only, and the peer", () => {
    const dataset = { ...report.dataset, name: "sports" };
    const times = { threads: 2, ours: [1, 2, 3], theirs: [9, 8, 7], ratio: 4 };
    const peer = { program: "peers/other.py", device: "cpu", ...times };
    const text = formatBenchmark({ ...report, dataset, peer });
    assertEquals(paperSeconds(text), ["2.65", "1.99", "1.79"]);
    assertEquals(paperSeconds(formatBenchmark(report)), ["–", "–", "–"]);
    assertStringIncludes(text, "9, 8, 7");
    assertStringIncludes(text, "Theirs takes 4 times as long as ours.");
  });
});

/** The last column of the table of epochs. */
function paperSeconds(text: string): string[] {
  const [, epochs] = text.match(/## Epochs\n\n((?:\|.*\n)*)/)!;
  return epochs!.trim().split("\n").slice(2).map((row) => row.split("|").at(-2)!.trim());
}

Deno.test("a generated dataset cannot be handed to another program", async () => {
  const peer = { path: "none.py", device: "cpu" };
  const error = await assertRejects(
    () => runBenchmark(smallDataset(), { epochs: 1, peer }),
    InputError,
  );
  assertStringIncludes(error.message, "small");
});
