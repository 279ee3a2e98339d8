/**
 * Replays mmssl.json.
 *
 * @module
 */
import type { GpuDevice } from "../../../src/gpu/device.ts";
import { Scratch } from "../../../src/gpu/scratch.ts";
import { readFloats, type Tensor, write } from "../../../src/gpu/tensor.ts";
import {
  discriminate,
  firstProduct,
  interactionRows,
  SCORE_SCALE,
  similarityRows,
} from "../../../src/models/mmssl/discriminator.ts";
import type { Draws } from "../../../src/models/draws.ts";
import { generate } from "../../../src/models/mmssl/generator.ts";
import { constants, type Variables } from "../../../src/models/model.ts";
import { createBatch, uploadBatches } from "../../../src/tape/batch.ts";
import { stackRows } from "../../../src/ops/rows/combine.ts";
import { recordSigmoid } from "../../../src/ops/rows/sigmoid.ts";
import { Tape, type Variable } from "../../../src/tape/tape.ts";
import { recordOf } from "../../kernel_tables/random_case.ts";
import { batchOf, type Compare, lossAndGradients } from "../replay.ts";
import { number, numbers, type RivalFile, type RivalInput } from "../rival_file.ts";
import { compareDropout } from "./mmssl_dropout.ts";
import {
  compareGradients,
  compareLosses,
  discriminatorLosses,
  generatorLosses,
} from "./mmssl_losses.ts";
import {
  createModel,
  DISCRIMINATOR,
  fileDraws,
  GENERATOR,
  type Mmssl,
  phaseNamed,
  SHIFT1,
} from "./mmssl_setup.ts";
import { compareDefaultTopK, compareTraining } from "./mmssl_steps.ts";
import { compareForward, type RivalCheck } from "./rival_check.ts";

/** Everything but what nothing depends on. */
export const checkMmssl: RivalCheck = async (gpu, file, input, compare) => {
  await compareMain(gpu, file, input, compare);
  await compareDropout(gpu, file, input, compare);
  await compareTraining(gpu, file, input, compare);
  await compareDefaultTopK(gpu, file, input, compare);
};

/** Representations, both losses and their gradients without dropout. */
async function compareMain(
  gpu: GpuDevice,
  file: RivalFile,
  input: RivalInput,
  compare: Compare,
): Promise<void> {
  using draws = fileDraws(gpu, file);
  using model = await createModel(gpu, file, input, draws);
  await compareForward(gpu, model, file, compare);
  await compareParts(gpu, model, file, compare);
  await compareScores(gpu, model, file, input, draws, compare);
  const { batch } = input;
  const d = await lossAndGradients(gpu, model, batch, phaseNamed(model, "discriminator"));
  compareLosses(file, "discriminator/loss/terms", discriminatorLosses(model, d.terms), compare);
  compare(
    "discriminator/loss/total",
    [discriminatorLosses(model, d.terms).loss_D!],
    number(file, "discriminator/loss/total"),
  );
  const shown = Object.entries(DISCRIMINATOR).filter(([, [name]]) => name !== SHIFT1);
  compareGradients(file, "discriminator/gradients", Object.fromEntries(shown), d, compare);
  const g = await lossAndGradients(gpu, model, batch, phaseNamed(model, "recommender"));
  compareLosses(file, "loss/terms", generatorLosses(model, g.terms), compare);
  compare("loss/total", [generatorLosses(model, g.terms).loss_G!], number(file, "loss/total"));
  compareGradients(file, "gradients", GENERATOR, g, compare);
}

/** Records something over the model's parameters, runs it, and reads what it gives. */
async function runOnce(
  gpu: GpuDevice,
  model: Mmssl,
  record: (tape: Tape, parameters: Variables) => readonly Tensor[],
): Promise<Float32Array<ArrayBuffer>[]> {
  using scratch = new Scratch(gpu);
  const tape = new Tape(gpu, "golden", scratch);
  const results = record(tape, constants(model.parameters));
  using program = tape.program;
  program.run();
  return await readFloats(gpu, ...results);
}

/** What every modality contributes. */
async function compareParts(
  gpu: GpuDevice,
  model: Mmssl,
  file: RivalFile,
  compare: Compare,
): Promise<void> {
  const read = await runOnce(
    gpu,
    model,
    (tape, parameters) =>
      generate(tape, model.data, parameters).parts.flatMap(({ features, neighbours }) => [
        features.value,
        neighbours.value,
      ]),
  );
  const names = model.data.modalities.flatMap(({ name }) => [[name, ""], [name, "_id"]]);
  names.forEach(([modality, suffix], place) => {
    const stacked = read[place]!;
    const split = stacked.length / (model.userCount + model.itemCount) * model.userCount;
    const [users, items] = [stacked.subarray(0, split), stacked.subarray(split)];
    for (const [side, ours] of [["user", users], ["item", items]] as const) {
      const key = `forward/${modality}_${side}${suffix}`;
      compare(key, ours, numbers(file, key));
    }
  });
}

/** What the discriminator sees, and its scores. */
async function compareScores(
  gpu: GpuDevice,
  model: Mmssl,
  file: RivalFile,
  { batch }: RivalInput,
  draws: Draws,
  compare: Compare,
): Promise<void> {
  const [shape, epoch] = batchOf(model, batch);
  using batches = createBatch(gpu, shape, 1);
  uploadBatches(gpu, batches, epoch);
  write(gpu, batches.clock, recordOf(epoch, 0));
  const { data } = model;
  const read = await runOnce(gpu, model, (tape, parameters) => {
    const pass = { parameters, batch: batches, draws, rates: [0, 0] as const };
    const { h, parts } = generate(tape, data, parameters);
    const rows = parts.map(({ features }) => similarityRows(tape, features, data, batches));
    const fake = stackRows(tape, rows);
    const real = interactionRows(tape, h, data, pass);
    const score = (use: string, input: Variable, copies: number): Tensor => {
      const product = firstProduct(tape, input, parameters);
      const { logit } = discriminate(tape, use, product, pass, copies);
      return recordSigmoid(tape, logit.value, SCORE_SCALE);
    };
    return [
      fake.value,
      stackRows(tape, [real, real]).value,
      score("fake", fake, 1),
      score("real", real, 2),
    ];
  });
  const [fake, real, fakeScores, realScores] = read as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const compareAt = (key: string, ours: Float32Array): void =>
    compare(`discriminator/${key}`, ours, numbers(file, `discriminator/${key}`));
  compareAt("input_fake", fake);
  compareAt("input_real", real);
  compareAt("generator_side_input", fake);
  compareAt("output_fake", fakeScores);
  compareAt("output_real", realScores);
  compareAt("generator_side_output", fakeScores);
}
