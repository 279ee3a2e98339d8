/** Whole runs on a made dataset: what they write, how they end, and how they go on. */
import {
  assert,
  assertEquals,
  assertNotEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { evaluate } from "../../src/evaluation/ranking.ts";
import { readFloats } from "../../src/gpu/tensor.ts";
import { InputError } from "../../src/input_error.ts";
import { loadCheckpoint } from "../../src/runs/checkpoint.ts";
import { train } from "../../src/training/train.ts";
import type { TrainOptions } from "../../src/training/train_options.ts";
import { madeDataset } from "./made_dataset.ts";
import {
  checkpointBytes,
  dataset,
  metricsRows,
  outcome,
  run,
  settings,
  stair,
  withRun,
} from "./whole_runs.ts";

Deno.test("training improves on the initial embeddings", async () => {
  await withRun(async (gpu) => {
    const losses: number[] = [];
    const result = await run(gpu, { onEpoch: ({ loss }) => losses.push(loss ?? NaN) });
    assert(losses.at(-1)! < losses[1]! && losses[1]! < Math.log(2), `losses ${losses}`);
    assert(result.bestEpoch > 0, `best epoch ${result.bestEpoch}`);
  });
});

Deno.test("three epochs and three more give the bits of six", async () => {
  await withRun(async (gpu, folder) => {
    const [straight, halves] = [`${folder}/straight`, `${folder}/halves`];
    const expected = await run(gpu, { out: straight });
    await run(gpu, { out: halves, epochs: 3 });
    const actual = await run(gpu, { out: halves, resume: true });
    assertEquals(outcome(actual), outcome(expected));
    for (const name of ["best", "last"]) {
      const [a, b] = await Promise.all(
        [straight, halves].map((path) => loadCheckpoint(`${path}/${name}.safetensors`)),
      );
      assertEquals(b!.state, a!.state);
      assertEquals(b!.best, a!.best);
    }
    assertEquals(await metricsRows(halves), await metricsRows(straight));
  });
});

Deno.test("the same settings give the same bytes, another seed others", async () => {
  await withRun(async (gpu, folder) => {
    for (const [name, seed] of [["a", 4], ["b", 4], ["c", 5]] as const) {
      await run(gpu, { out: `${folder}/${name}`, seed, epochs: 2, evalEvery: 1 });
    }
    const [a, b] = await Promise.all(
      ["a", "b"].map((name) => checkpointBytes(`${folder}/${name}`)),
    );
    assertEquals(b, a);
    const embeddings = async (name: string) =>
      (await loadCheckpoint(`${folder}/${name}/last.safetensors`)).state.tensors.embeddings!.data;
    assertNotEquals(await embeddings("c"), await embeddings("a"));
  });
});

Deno.test("metrics.csv has one row per epoch, and metrics where it was evaluated", async () => {
  await withRun(async (gpu, folder) => {
    const reports: unknown[] = [];
    const result = await run(gpu, {
      out: `${folder}/run`,
      epochs: 5,
      evalEvery: 2,
      onEpoch: ({ epoch, loss, valid }) => reports.push([epoch, loss, valid?.["ndcg@20"]]),
    });
    const [header, ...rows] = await metricsRows(`${folder}/run`);
    assertEquals(header, ["epoch", "loss", "recall@10", "recall@20", "ndcg@10", "ndcg@20"]);
    const cell = (text: string | undefined) => text === "" ? undefined : Number(text);
    assertEquals(rows.map((row) => [cell(row[0]), cell(row[1]), cell(row.at(-1))]), reports);
    const evaluated = rows.filter((row) => row.at(-1) !== "").map(([epoch]) => Number(epoch));
    assertEquals(evaluated, [0, 2, 4, 5]);
    const best = rows.find(([epoch]) => Number(epoch) === result.bestEpoch)!;
    assertEquals(Number(best.at(-1)), result.valid["ndcg@20"]);
    const highest = Math.max(...rows.map((row) => cell(row.at(-1)) ?? 0));
    assertEquals(result.valid["ndcg@20"], highest);
  });
});

Deno.test("the model is left at the best state, and tested with it", async () => {
  await withRun(async (gpu, folder) => {
    using model = await stair(gpu);
    // So fast that later epochs get worse.
    const options = {
      ...settings,
      learningRate: 0.3,
      epochs: 8,
      evalEvery: 1,
      out: folder + "/run",
    };
    const result = await train(model, dataset, options);
    assert(result.bestEpoch < 8, "the last epoch was the best");
    const { state, best } = await loadCheckpoint(`${folder}/run/best.safetensors`);
    assertEquals(state.epoch, result.bestEpoch);
    assertEquals(best, { epoch: result.bestEpoch, value: result.valid["ndcg@20"]! });
    assertEquals(
      (await readFloats(gpu, model.parameters.embeddings!))[0],
      state.tensors.embeddings!.data,
    );
    assertEquals(await evaluate(model, dataset, "valid"), result.valid);
    assertEquals(await evaluate(model, dataset, "test"), result.test);
  });
});

Deno.test("patience counts evaluations without a better one", async () => {
  await withRun(async (gpu) => {
    // Steps too small to change anything.
    const still = { learningRate: 1e-30, weightDecay: 0, epochs: 50 };
    const { epochs, ended, bestEpoch } = await run(gpu, { ...still, evalEvery: 2, patience: 3 });
    assertEquals({ epochs, ended, bestEpoch }, { epochs: 6, ended: "patience", bestEpoch: 0 });
  });
});

Deno.test("a run cannot go on with other settings", async (test) => {
  await withRun(async (gpu, folder) => {
    const out = `${folder}/run`;
    const resumed = { ...settings, out, epochs: 2, evalEvery: 1, resume: true };
    await run(gpu, { ...resumed, epochs: 1, resume: false });
    const before = await checkpointBytes(out);
    await test.step("gamma", async () => {
      using model = await stair(gpu, 0.5);
      const message = `Cannot resume ${out}: it was started with gamma 0.3, not 0.5.`;
      await assertRejects(() => train(model, dataset, resumed), InputError, message);
    });
    for (
      const [name, value, was] of [
        ["seed", 5, 4],
        ["learningRate", 0.02, 0.01],
        ["weightDecay", 0, 0.1],
        ["batchSize", 32, 64],
        ["evalEvery", 2, 1],
      ] as const
    ) {
      await test.step(name, async () => {
        const message = `it was started with ${name} ${was}, not ${value}.`;
        await assertRejects(() => run(gpu, { ...resumed, [name]: value }), InputError, message);
      });
    }
    await test.step("dataset", async () => {
      using model = await stair(gpu);
      const other = { ...dataset, name: "other" };
      const message = 'it was started with dataset "made", not "other".';
      await assertRejects(() => train(model, other, resumed), InputError, message);
    });
    assertEquals(await checkpointBytes(out), before);
    assertEquals((await run(gpu, resumed)).epochs, 2);
  });
});

Deno.test("there must be a whole checkpoint to go on from", async () => {
  await withRun(async (gpu, folder) => {
    const out = `${folder}/run`;
    const resumed = { out, epochs: 2, evalEvery: 1, resume: true };
    const nothing = `Cannot resume ${out}: there is no last.safetensors of a run in it.`;
    await assertRejects(() => run(gpu, resumed), InputError, nothing);
    await run(gpu, { ...resumed, resume: false });
    const last = `${out}/last.safetensors`;
    const bytes = await Deno.readFile(last);
    await Deno.writeFile(last, bytes.subarray(0, bytes.length / 2));
    const error = await assertRejects(() => run(gpu, resumed), InputError);
    assertStringIncludes(error.message, last);
    assertEquals(error.message.split("\n").length, 1);
    await Deno.writeFile(last, bytes);
    await Deno.remove(`${out}/metrics.csv`);
    await assertRejects(() => run(gpu, resumed), InputError, `${out}/metrics.csv`);
  });
});

Deno.test("a new run keeps the one before it, and lets go of the one before that", async () => {
  await withRun(async (gpu, folder) => {
    const out = `${folder}/run`;
    const seeds: Record<string, unknown> = {};
    for (const seed of [1, 2, 3]) await run(gpu, { out, seed, epochs: 0 });
    for (const path of [out, `${out}.previous`]) {
      seeds[path] = JSON.parse(await Deno.readTextFile(`${path}/config.json`)).training.seed;
    }
    assertEquals(seeds, { [out]: 3, [`${out}.previous`]: 2 });
    assertEquals([...Deno.readDirSync(folder)].length, 2);
  });
});

Deno.test("settings out of range are refused before anything is written", async (test) => {
  await withRun(async (gpu, folder) => {
    const cases: [Partial<TrainOptions>, string][] = [
      [{ epochs: -1 }, "epochs is -1, but must be a whole number from 0."],
      [{ epochs: 1.5 }, "epochs is 1.5"],
      [{ evalEvery: 0 }, "eval-every is 0"],
      [{ patience: 0 }, "patience is 0"],
      [{ batchSize: 0 }, "batch-size is 0"],
      [{ batchSize: 2.5 }, "batch-size is 2.5"],
      [{ learningRate: 0 }, "learning-rate is 0"],
      [{ learningRate: NaN }, "learning-rate is NaN"],
      [{ weightDecay: -0.1 }, "weight-decay is -0.1"],
      [{ seed: -1 }, "seed is -1"],
      [{ seed: 0.5 }, "seed is 0.5"],
    ];
    for (const [options, message] of cases) {
      await test.step(message, async () => {
        const out = `${folder}/run`;
        await assertRejects(() => run(gpu, { ...options, out }), InputError, message);
      });
    }
    assertEquals([...Deno.readDirSync(folder)], []);
  });
});

Deno.test("a batch may be larger than the train split", async () => {
  await withRun(async (gpu) => {
    const [whole, larger] = [
      await run(gpu, { batchSize: dataset.train.column.length, epochs: 2 }),
      await run(gpu, { batchSize: 1_000_000, epochs: 2 }),
    ];
    assertEquals(outcome(larger), outcome(whole));
  });
});

Deno.test("a run is not resumed with another optimizer, fewer epochs or other data", async () => {
  await withRun(async (gpu, folder) => {
    const out = `${folder}/run`;
    await run(gpu, { out, epochs: 4 });
    const refused = async (options: Partial<TrainOptions>, message: string, data = dataset) => {
      using model = await stair(gpu, 0.3, data);
      const resumed = { ...settings, epochs: 4, ...options, out, resume: true };
      await assertRejects(() => train(model, data, resumed), InputError, message);
    };
    await refused({ beta1: 0.5 }, "started with beta1 0.9, not 0.5.");
    await refused({ epochs: 3 }, "it has trained 4 epochs, more than 3.");
    await refused({}, "started with data ", madeDataset(3));
  });
});

Deno.test("a folder may be named with a slash at its end, and what is no run is left alone", async () => {
  await withRun(async (gpu, folder) => {
    const out = `${folder}/run/`;
    await run(gpu, { out, epochs: 1 });
    await run(gpu, { out, epochs: 1 });
    assertEquals((await loadCheckpoint(`${folder}/run.previous/last.safetensors`)).state.epoch, 1);
    const other = `${folder}/other`;
    await Deno.mkdir(other);
    await Deno.writeTextFile(`${other}/config.json`, "mine");
    await Deno.writeTextFile(`${other}/notes.txt`, "mine");
    await run(gpu, { out: other, epochs: 0 });
    assertEquals(await Deno.readTextFile(`${other}/notes.txt`), "mine");
  });
});
