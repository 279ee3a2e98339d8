/** No product of matrices, however large, is one dispatch of more than 2 GFLOP. */
import { assertGreater, assertLessOrEqual } from "@std/assert";
import { buildDataset, type Dataset } from "../../src/data/dataset.ts";
import { leftSingularVectors } from "../../src/features/singular_vectors.ts";
import { GpuDevice, openDevice } from "../../src/gpu/device.ts";
import { type Command, type Dispatch, Program } from "../../src/gpu/program.ts";
import { Scratch } from "../../src/gpu/scratch.ts";
import { LARGEST_DISPATCH } from "../../src/gpu/stretches.ts";
import { mmssl } from "../../src/models/mmssl/mmssl.ts";
import { builtModel } from "../../src/models/model.ts";
import { createTrainingStep } from "../../src/training/training_step.ts";

/** Floating-point operations of a dispatch of kernels/product.wgsl, workgroup by workgroup. */
function operations({ params, kernel: { workgroupSize } }: Dispatch): number {
  const { rows, inner, columns4, part4, first_group, groups } = params as Record<string, number>;
  const tileRows = 2 * workgroupSize, tileColumns4 = 16;
  const rowTiles = Math.ceil(rows! / tileRows), columnTiles = Math.ceil(columns4! / tileColumns4);
  const inside = (tile: number, size: number, all: number): number =>
    Math.max(0, Math.min(size, all - tile * size));
  let sum = 0;
  for (let group = first_group!; group < first_group! + groups!; group++) {
    const tile = Math.floor(group / rowTiles);
    sum += 2 * inside(group % rowTiles, tileRows, rows!) *
      4 * inside(tile % columnTiles, tileColumns4, columns4!) *
      inside(Math.floor(tile / columnTiles), 4 * part4!, inner!);
  }
  return sum;
}

/** The largest product and all of them together. */
function count(commands: readonly Command[]): { largest: number; total: number } {
  const products = commands.filter((one): one is Dispatch =>
    "kernel" in one && one.kernel.name === "product"
  ).map(operations);
  return {
    largest: products.reduce((most, x) => Math.max(most, x), 0),
    total: products.reduce((sum, x) => sum + x, 0),
  };
}

/** As the software adapter, whose workgroups are small, and as hardware. */
async function onBoth(check: (gpu: GpuDevice) => Promise<void>): Promise<void> {
  using opened = await openDevice({ dry: true });
  for (const name of ["llvmpipe", "hardware"]) {
    await check(new GpuDevice(opened.device, name, { dry: true }));
  }
}

/** The commands of all programs that are run. */
async function commandsOf(work: () => Promise<unknown>): Promise<Command[]> {
  const commands: Command[] = [];
  const { dispatch } = Program.prototype;
  Program.prototype.dispatch = function (...given) {
    dispatch.apply(this, given);
    commands.push(this.commands.at(-1)!);
  };
  try {
    await work();
  } finally {
    Program.prototype.dispatch = dispatch;
  }
  return commands;
}

Deno.test("whitening 63,001 items by 4,096 features", async () => {
  const rows = 63_001, width = 4096;
  // Products are as large whatever is read.
  const tile = new Float32Array(4096 * width);
  const read = (from: number, to: number) => Promise.resolve(tile.subarray(0, (to - from) * width));
  await onBoth(async (gpu) => {
    const commands = await commandsOf(() => leftSingularVectors(gpu, { rows, width, read }, 64));
    const { largest, total } = count(commands);
    assertLessOrEqual(largest, LARGEST_DISPATCH);
    assertGreater(total, 2 * rows * width * width);
  });
});

/** As many users and items as Baby, of which each has an interaction. */
function ofBabysSize(): Dataset {
  const userCount = 19_445, itemCount = 7050;
  const user = Array.from({ length: userCount }, (_, u) => u);
  const features = (width: number) => ({ values: new Float32Array(itemCount * width), width });
  return buildDataset({
    name: "Baby's size",
    interactions: {
      user,
      item: user.map((u) => u % itemCount),
      split: user.map((u) => Math.max(0, u - userCount + 3)),
    },
    features: { text: features(384), image: features(4096) },
  });
}

Deno.test("a step of MMSSL of Baby's size", async () => {
  const data = ofBabysSize();
  const rows = data.userCount + data.itemCount;
  const shape = { rows, triples: data.train.column.length, batchSize: 1024 };
  await onBoth(async (gpu) => {
    using model = builtModel(await mmssl.create(gpu, data, { topkRate: 0 }));
    using scratch = new Scratch(gpu);
    const settings = { learningRate: 5.5e-4, weightDecay: 0.01, l2: 0 };
    using step = createTrainingStep(model, shape, settings, scratch);
    const { largest, total } = count(step.programsOf(0).flatMap(({ commands }) => commands));
    assertLessOrEqual(largest, LARGEST_DISPATCH);
    assertGreater(total, 1e11);
  });
});
