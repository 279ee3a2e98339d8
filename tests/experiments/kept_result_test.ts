import { assertEquals, assertNotEquals } from "@std/assert";
import { trainOrRead } from "../../src/experiments/kept_result.ts";
import { madeDataset } from "../training/made_dataset.ts";

const dataset = madeDataset();
const training = { learningRate: 0.01, weightDecay: 0, batchSize: 64, epochs: 2, seed: 3 };
const experiment = { model: "mf_bpr", settings: { dim: 8, regWeight: 0, seed: 3 }, training };

Deno.test("a run that was stopped goes on, and leaves nothing but its result", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const long = { ...experiment, training: { ...training, epochs: 6, evalEvery: 2 } };
    const { secondsPerEpoch: _, ...whole } = await trainOrRead(`${folder}/whole`, dataset, long);
    const trained: number[] = [];
    const stop = new AbortController();
    const onEpoch = ({ epoch }: { epoch: number }): void => {
      trained.push(epoch);
      if (epoch === 3) stop.abort("enough");
    };
    const parts = `${folder}/parts`;
    const watched = { ...long, training: { ...long.training, onEpoch } };
    const stopped = { ...watched, training: { ...watched.training, signal: stop.signal } };
    assertEquals(await trainOrRead(parts, dataset, stopped).catch((reason) => reason), "enough");
    const { secondsPerEpoch: __, ...resumed } = await trainOrRead(parts, dataset, watched);
    assertEquals(trained, [0, 1, 2, 3, 4, 5, 6]);
    assertEquals({ ...resumed, peakGpuBytes: 0 }, { ...whole, peakGpuBytes: 0 });
    assertEquals([...Deno.readDirSync(parts)].length, 1);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a run is made once, and again when anything of it differs", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const files = (): string[] => [...Deno.readDirSync(folder)].map(({ name }) => name);
    const made = await trainOrRead(folder, dataset, experiment);
    assertEquals(files().length, 1);
    // The clock tells a run made anew from one that was read.
    assertEquals(await trainOrRead(folder, dataset, experiment), made);
    const longer = { ...experiment, training: { ...training, epochs: 3 } };
    assertNotEquals(await trainOrRead(folder, dataset, longer), made);
    assertNotEquals(await trainOrRead(folder, madeDataset(9), experiment), made);
    assertEquals(files().length, 3);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
