/** Runs scripts/compare_models.ts as a user does, on a made dataset. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { runScript } from "./run_script.ts";
import { encodeNpy, withFolder } from "../data/dataset_folder.ts";
import { createRandom, uniformBelow, uniformReal } from "../../src/random.ts";

const run = (folder: string, ...options: string[]) =>
  runScript("compare_models.ts", folder, ...options);

function datasetFiles() {
  const random = createRandom(6);
  const lines = ["userID\titemID\tx_label"];
  for (let user = 0; user < 40; user++) {
    const items = new Set<number>([user % 25]);
    while (items.size < 7) items.add(uniformBelow(random, 25));
    [...items].forEach((item, place) =>
      lines.push([user, item, Math.max(0, place - 4)].join("\t"))
    );
  }
  const features = Array.from(
    { length: 25 },
    () => Array.from({ length: 9 }, () => uniformReal(random)),
  );
  return {
    "tiny/tiny.inter": lines.join("\n") + "\n",
    "tiny/text_feat.npy": encodeNpy(features),
  };
}

Deno.test("models are compared, and what was run is not run again", async (test) => {
  await withFolder(datasetFiles(), async (folder) => {
    const asked = ["--data", "tiny", "--models", "stair,mf_bpr", "--seeds", "2", "--epochs", "2"];
    const first = await run(folder, ...asked, "--json");
    assertEquals(first.code, 0, first.stderr);
    const rows = JSON.parse(first.stdout);

    await test.step("what needs no training, then each model with what it gave and took", () => {
      assertEquals(rows.map(({ model }: { model: string }) => model), [
        "popularity",
        "item_filter",
        "stair",
        "mf_bpr",
      ]);
      for (const { pValue } of [rows[1], rows[3]]) assert(pValue >= 0 && pValue <= 1);
      const ndcg = ({ metrics }: { metrics: Record<string, { mean: number }> }) =>
        metrics["ndcg@20"]!.mean;
      assertEquals(rows[3].ahead, ndcg(rows[3]) > ndcg(rows[2]));
      assertEquals(rows[1].results[1], rows[1].results[0]);
      for (const row of rows.slice(2)) {
        assertEquals(row.results.length, 2);
        for (const { peakGpuBytes, secondsPerEpoch, history } of row.results) {
          assert(peakGpuBytes > 0 && secondsPerEpoch > 0);
          assertEquals(history.length, 3);
        }
      }
    });

    await test.step("the same again comes from what was kept", async () => {
      assertEquals(
        await run(folder, ...asked, "--json").then(({ stdout }) => stdout),
        first.stdout,
      );
    });

    await test.step("as a table", async () => {
      const { stdout } = await run(folder, ...asked);
      assertStringIncludes(stdout, "p against stair");
      assertStringIncludes(stdout, "| mf_bpr");
      assertStringIncludes(stdout, "| item_filter");
      const alone = await run(folder, ...asked, "--no-baselines");
      assertEquals(alone.stdout.includes("item_filter"), false);
      assertEquals(alone.stdout.includes("popularity"), false);
    });
  });
});

Deno.test("bad options are refused before anything is read", async () => {
  await withFolder({}, async (folder) => {
    const never = await run(folder, "--eval-every", "0");
    assertEquals(never.code, 2);
    assertStringIncludes(never.stderr, "eval-every is 0, but must be a whole number from 1.");
    const { code, stderr } = await run(folder, "--models", "stair,books");
    assertEquals(code, 2);
    assertStringIncludes(stderr, 'There is no model "books": known are stair');
  });
});

Deno.test("finished runs are compared user by user", async () => {
  await withFolder(datasetFiles(), async (folder) => {
    for (const model of ["item_filter", "ials"]) {
      const asked = ["--data", "tiny", "--model", model, "--epochs", "2", "--out", `runs/${model}`];
      const { code, stderr } = await runScript("train.ts", folder, ...asked);
      assertEquals(code, 0, stderr);
    }
    const asked = ["--runs", "runs/item_filter,runs/ials"];
    const { code, stdout, stderr } = await run(folder, ...asked, "--json");
    assertEquals(code, 0, stderr);
    const [first, second] = JSON.parse(stdout);
    assertEquals([first.model, second.model, first.lead], ["item_filter", "ials", undefined]);
    const { meanDifference, low, high } = second.lead["ndcg@20"];
    const difference = first.metrics["ndcg@20"] - second.metrics["ndcg@20"];
    assert(Math.abs(meanDifference - difference) < 1e-12);
    assert(low <= difference && difference <= high, `${low} ${difference} ${high}`);
    const { stdout: table } = await run(folder, ...asked);
    assertStringIncludes(table, "the first's ndcg@20 is more by");
    const wrong = await run(folder, ...asked, "--seeds", "2");
    assertEquals(wrong.code, 2);
    assertStringIncludes(wrong.stderr, "--seeds is of models that are trained, not of --runs.");
  });
});
