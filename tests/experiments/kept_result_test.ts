import { assertEquals, assertNotEquals } from "@std/assert";
import type { TrainResult } from "../../src/training/train.ts";
import { runOrRead } from "../../src/experiments/kept_result.ts";
import { mfBpr } from "../../src/models/mf_bpr.ts";
import { madeDataset } from "../training/made_dataset.ts";

const dataset = madeDataset();
const training = { learningRate: 0.01, weightDecay: 0, batchSize: 64, epochs: 2, seed: 3 };
const experiment = { kind: mfBpr, settings: { dim: 8, seed: 3 }, training };

/** What does not depend on the clock, nor on where a run was stopped. */
function withoutCosts(
  { secondsPerEpoch: _, peakGpuBytes: __, history, ...result }: TrainResult,
) {
  return { ...result, history: history.map(({ seconds: _, ...report }) => report) };
}

Deno.test("a run that was stopped goes on, and leaves nothing but its result", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const long = { ...experiment, training: { ...training, epochs: 6, evalEvery: 2 } };
    const whole = await runOrRead(`${folder}/whole`, dataset, long);
    const trained: number[] = [];
    const stop = new AbortController();
    const onEpoch = ({ epoch }: { epoch: number }): void => {
      trained.push(epoch);
      if (epoch === 3) stop.abort("enough");
    };
    const parts = `${folder}/parts`;
    const watched = { ...long, training: { ...long.training, onEpoch } };
    const stopped = { ...watched, training: { ...watched.training, signal: stop.signal } };
    assertEquals(await runOrRead(parts, dataset, stopped).catch((reason) => reason), "enough");
    const resumed = await runOrRead(parts, dataset, watched);
    assertEquals(trained, [0, 1, 2, 3, 4, 5, 6]);
    assertEquals(withoutCosts(resumed), withoutCosts(whole));
    assertEquals([...Deno.readDirSync(parts)].length, 1);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a run is made once, and again when anything of it differs", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const files = (): string[] => [...Deno.readDirSync(folder)].map(({ name }) => name);
    const made = await runOrRead(folder, dataset, experiment);
    assertEquals(files().length, 1);
    // The clock tells a run made anew from one that was read.
    assertEquals(await runOrRead(folder, dataset, experiment), made);
    const longer = { ...experiment, training: { ...training, epochs: 3 } };
    assertNotEquals(await runOrRead(folder, dataset, longer), made);
    assertNotEquals(await runOrRead(folder, madeDataset(9), experiment), made);
    assertEquals(files().length, 3);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
