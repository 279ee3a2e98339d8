/**
 * MMSSL with the dropout masks of mmssl.json.
 *
 * @module
 */
import type { GpuDevice } from "../../../src/gpu/device.ts";
import { type Compare, lossAndGradients } from "../replay.ts";
import { number, type RivalFile, type RivalInput } from "../rival_file.ts";
import {
  compareGradients,
  compareLosses,
  discriminatorLosses,
  generatorLosses,
} from "./mmssl_losses.ts";
import { createModel, DISCRIMINATOR, fileDraws, GENERATOR, phaseNamed } from "./mmssl_setup.ts";

/** Both losses and gradients with the file's masks. */
export async function compareDropout(
  gpu: GpuDevice,
  file: RivalFile,
  input: RivalInput,
  compare: Compare,
): Promise<void> {
  using draws = fileDraws(gpu, file);
  const published = (key: string): number => number(file, `config/published_defaults/${key}`);
  using model = await createModel(gpu, file, input, draws, {
    dropRate: published("drop_rate"),
    gDrop1: published("G_drop1"),
    gDrop2: published("G_drop2"),
  });
  const { batch } = input;
  const d = await lossAndGradients(gpu, model, batch, phaseNamed(model, "discriminator"));
  const g = await lossAndGradients(gpu, model, batch, phaseNamed(model, "recommender"));
  const losses = { ...discriminatorLosses(model, d.terms), ...generatorLosses(model, g.terms) };
  compareLosses(file, "with_dropout", losses, compare);
  compareLosses(file, "with_dropout/terms", losses, compare);
  compareGradients(file, "with_dropout/gradients", GENERATOR, g, compare);
  compareGradients(file, "with_dropout/discriminator_gradients", DISCRIMINATOR, d, compare);
}
