/** Batches drawn in a Worker, and what happens where there is none. */
import { assertEquals } from "@std/assert";
import { openDevice } from "../../src/gpu/device.ts";
import { builtModel } from "../../src/models/model.ts";
import { modelNamed } from "../../src/models/registry.ts";
import { patternOf } from "../../src/sparse/csr.ts";
import {
  drawHere,
  type DrawingOrder,
  drawInWorker,
  drawsInWorker,
} from "../../src/training/drawing.ts";
import { Trainer } from "../../src/training/trainer.ts";
import { madeDataset } from "./made_dataset.ts";

const { train, userCount, itemCount } = madeDataset();
const shape = { rows: userCount + itemCount, triples: 100, batchSize: 30 };
const order: DrawingOrder = { train, seed: 5, shape, epoch: 3 };

async function chunksOf(draw: typeof drawHere, count: number) {
  using drawing = draw(order);
  const chunks = [];
  for (let chunk = 0; chunk < count; chunk++) chunks.push(await drawing.next());
  return chunks;
}

Deno.test("a Worker draws what is drawn here, also when asked ahead", async () => {
  const here = await chunksOf(drawHere, 7);
  assertEquals(await chunksOf(drawInWorker, 7), here);
  using drawing = drawInWorker(order);
  const both = [drawing.next(), drawing.next()];
  assertEquals(await Promise.all(both), here.slice(0, 2));
});

Deno.test("without permission for a Worker, batches are drawn here", async () => {
  const names = ["src/training/drawing.ts", "tests/training/made_dataset.ts"];
  const [drawing, made] = names.map((name) => new URL(`../../${name}`, import.meta.url).href);
  const code = `
    import { drawHere, drawInWorker } from "${drawing}";
    import { madeDataset } from "${made}";
    const { train } = madeDataset();
    const order = { train, seed: 5, shape: ${JSON.stringify(shape)}, epoch: 3 };
    using inWorker = drawInWorker(order);
    const here = drawHere(order);
    const first = [await inWorker.next(), await inWorker.next()];
    const same = JSON.stringify(first) === JSON.stringify([await here.next(), await here.next()]);
    console.log(same ? "the same" : "not the same");`;
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(file, code);
    const config = new URL("../../deno.json", import.meta.url).pathname;
    const args = ["run", "--no-prompt", "--quiet", "--no-check", "--config", config, file];
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), { args }).output();
    assertEquals(
      new TextDecoder().decode(stdout).trim(),
      "the same",
      new TextDecoder().decode(stderr),
    );
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("a Worker pays on hardware, for neither few nor very many interactions", () => {
  const matrixOf = (pairs: number) => ({ ...patternOf(1, 1, []), column: new Uint32Array(pairs) });
  const hardware = { gathersFromImages: false };
  const pays = [40_000, 118_551, 8_000_000, 8_000_001].map((pairs) =>
    drawsInWorker(hardware, matrixOf(pairs))
  );
  assertEquals(pays, [false, true, true, false]);
  assertEquals(drawsInWorker({ gathersFromImages: true }, matrixOf(118_551)), false);
});

Deno.test("training with batches from a Worker has the same bits, also when it goes back", async () => {
  using gpu = await openDevice();
  const dataset = madeDataset();
  const training = { learningRate: 0.01, weightDecay: 0.1, batchSize: 50, seed: 3 };
  const runs = [];
  for (const worker of [false, true]) {
    using model = builtModel(await modelNamed("stair").create(gpu, dataset, { dim: 8 }));
    using trainer = new Trainer(model, dataset.train, { ...training, worker, chunkTriples: 100 });
    const results = [...await trainer.runEpochs(2), ...await trainer.runEpochs(3)];
    const state = await trainer.state();
    trainer.restore({ ...state, epoch: 1 });
    results.push(await trainer.runEpoch());
    runs.push({ losses: results.map(({ loss }) => loss), state });
  }
  assertEquals(runs[1], runs[0]);
});
