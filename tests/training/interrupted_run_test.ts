/** Runs that stop, are killed or fail: what they leave behind, and how they go on. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { type GpuDevice, GpuError, openDevice } from "../../src/gpu/device.ts";
import { readFloats } from "../../src/gpu/tensor.ts";
import { InputError } from "../../src/input_error.ts";
import { loadCheckpoint } from "../../src/runs/checkpoint.ts";
import { train } from "../../src/training/train.ts";
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

/** Calls `onSubmitted` once all of an epoch is on its way to the GPU, until the function returned is called. */
function watchEpochs(gpu: GpuDevice, onSubmitted: (epoch: number) => void): () => void {
  const { submit } = gpu;
  let epochs = 0;
  gpu.submit = (what, record) => {
    submit.call(gpu, what, record);
    if (what.endsWith(": losses")) onSubmitted(++epochs);
  };
  return () => gpu.submit = submit;
}

Deno.test("a run stopped between evaluations goes on to the same files, bit for bit", async () => {
  await withRun(async (gpu, folder) => {
    const [straight, stopped] = [`${folder}/straight`, `${folder}/stopped`];
    const expected = await run(gpu, { out: straight });
    const stop = new AbortController();
    const { signal } = stop;
    const unwatch = watchEpochs(gpu, (epoch) => epoch === 4 && stop.abort());
    await assertRejects(() => run(gpu, { out: stopped, signal }), DOMException, "aborted");
    unwatch();
    assertEquals((await loadCheckpoint(`${stopped}/last.safetensors`)).state.epoch, 4);
    // As after a crash: an epoch beyond the checkpoint, and a line cut short.
    await Deno.writeTextFile(`${stopped}/metrics.csv`, "5,0.5,1,,,,\n6,0.", { append: true });
    const reports: number[] = [];
    const actual = await run(gpu, {
      out: stopped,
      resume: true,
      onEpoch: ({ epoch }) => reports.push(epoch),
    });
    assertEquals(reports, [5, 6]);
    assertEquals(outcome(actual), outcome(expected));
    assertEquals(await checkpointBytes(stopped), await checkpointBytes(straight));
    assertEquals(await metricsRows(stopped), await metricsRows(straight));
  });
});

Deno.test("a run killed after its best state was saved, and not yet its last, goes on", async () => {
  await withRun(async (gpu, folder) => {
    const [straight, killed] = [`${folder}/straight`, `${folder}/killed`];
    const options = { evalEvery: 1, epochs: 8 };
    const { bestEpoch } = await run(gpu, { ...options, out: straight });
    assert(bestEpoch > 1, `best epoch ${bestEpoch}`);
    const stop = new AbortController();
    const onEpoch = ({ epoch }: { epoch: number }) => epoch === bestEpoch - 1 && stop.abort();
    await assertRejects(
      () => run(gpu, { ...options, out: killed, signal: stop.signal, onEpoch }),
      DOMException,
    );
    await Deno.copyFile(`${straight}/best.safetensors`, `${killed}/best.safetensors`);
    await run(gpu, { ...options, out: killed, resume: true });
    assertEquals(await checkpointBytes(killed), await checkpointBytes(straight));
    assertEquals(await metricsRows(killed), await metricsRows(straight));
  });
});

Deno.test("a loss that is no number ends the run and keeps the last good checkpoint", async () => {
  await withRun(async (gpu, folder) => {
    const out = `${folder}/run`;
    using model = await stair(gpu);
    const [initial] = await readFloats(gpu, model.parameters.embeddings!);
    const error = await assertRejects(
      () => train(model, dataset, { ...settings, evalEvery: 1, learningRate: 1e30, out }),
      InputError,
      "The loss of epoch 1 is not a finite number: try a smaller learning rate.",
    );
    assertStringIncludes(error.message, `${out} keeps the last good checkpoint.`);
    const { state } = await loadCheckpoint(`${out}/last.safetensors`);
    assertEquals([state.epoch, state.tensors.embeddings!.data], [0, initial!]);
    assertEquals((await metricsRows(out)).length, 2);
  });
});

Deno.test("between checkpoints nothing but metrics.csv is written", async () => {
  await withRun(async (gpu, folder) => {
    const out = `${folder}/run`;
    const during: unknown[] = [];
    const onEpoch = async ({ epoch }: { epoch: number }) => {
      const names = ["best", "last"];
      const saved = names.map((name) => loadCheckpoint(`${out}/${name}.safetensors`));
      const epochs = (await Promise.all(saved)).map(({ state }) => state.epoch);
      during.push([epoch, ...epochs, (await metricsRows(out)).length - 2]);
    };
    const { bestEpoch } = await run(gpu, { out, evalEvery: 1, epochs: 4, onEpoch });
    assert(bestEpoch > 0, `best epoch ${bestEpoch}`);
    // Epoch, that of the best and the last checkpoint, and the last row's: a checkpoint at the start and the end.
    assertEquals(during, [[0, 0, 0, 0], [1, 0, 0, 1], [2, 0, 0, 2], [3, 0, 0, 3], [
      4,
      bestEpoch,
      4,
      4,
    ]]);
  });
});

Deno.test("a step that the GPU leaves out ends the run, which goes on from its checkpoint", async () => {
  await withRun(async (gpu, folder) => {
    const [straight, out] = [`${folder}/straight`, `${folder}/run`];
    await run(gpu, { out: straight });
    let leaveOut = false;
    const unwatch = watchEpochs(gpu, (epoch) => leaveOut = epoch === 1);
    const submit = gpu.submit.bind(gpu);
    gpu.submit = (what, record) => {
      if (leaveOut && what.endsWith(": training")) leaveOut = false;
      else submit(what, record);
    };
    const error = await assertRejects(
      () => run(gpu, { out }),
      GpuError,
      "The GPU left out step 1 of ",
    );
    assertEquals(leaveOut, false);
    unwatch();
    assertStringIncludes(error.message, `${out} keeps the last good checkpoint.`);
    assertEquals((await loadCheckpoint(`${out}/last.safetensors`)).state.epoch, 0);
    await run(gpu, { out, resume: true });
    assertEquals(await checkpointBytes(out), await checkpointBytes(straight));
    assertEquals(await metricsRows(out), await metricsRows(straight));
  });
});

Deno.test("a GPU that is lost ends the run, which goes on from its checkpoint on another", async () => {
  await withRun(async (gpu, folder) => {
    const [straight, out] = [`${folder}/straight`, `${folder}/run`];
    await run(gpu, { out: straight });
    using lost = await openDevice();
    const error = await assertRejects(
      () => run(lost, { out, onEpoch: ({ epoch }) => void (epoch === 2 && lost.device.destroy()) }),
      GpuError,
    );
    assertStringIncludes(error.message, "lost");
    assertStringIncludes(error.message, `${out} keeps the last good checkpoint.`);
    await run(gpu, { out, resume: true });
    assertEquals(await checkpointBytes(out), await checkpointBytes(straight));
  });
});
