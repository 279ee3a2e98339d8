import { assertEquals, assertRejects } from "@std/assert";
import { buildDataset } from "../../src/data/dataset.ts";
import { openDevice } from "../../src/gpu/device.ts";
import { InputError } from "../../src/input_error.ts";
import { stair } from "../../src/models/stair.ts";
import { assertResumes, assertTrains } from "./model_runs.ts";

/** Six items with text features and no others. */
const textOnly = buildDataset({
  name: "texts",
  interactions: {
    user: [0, 0, 0, 1, 1, 1],
    item: [0, 1, 2, 3, 4, 5],
    split: [0, 1, 2, 0, 1, 2],
  },
  features: {
    text: { values: Float32Array.from({ length: 6 * 8 }, (_, i) => Math.sin(i * i)), width: 8 },
  },
});

Deno.test("neighbours of a modality that is not there are refused, unless by default", async (test) => {
  using gpu = await openDevice();
  await test.step("by default", async () => {
    using model = await stair.create(gpu, textOnly, { dim: 4, neighbors: { text: 2, image: 1 } });
    assertEquals([model.userCount, model.itemCount], [2, 6]);
  });
  for (const name of ["image", "audio"]) {
    await test.step(name, async () => {
      const neighbors = { text: 2, [name]: 7 };
      const message = `neighbors names "${name}", but texts has the modalities text.`;
      await assertRejects(
        () => stair.create(gpu, textOnly, { dim: 4, neighbors }),
        InputError,
        message,
      );
    });
  }
  assertEquals(gpu.bytes, 0);
});

Deno.test("STAIR learns, always the same", async () => {
  await assertTrains("stair", { dim: 8, neighbors: { text: 3 } });
});

Deno.test("STAIR resumed goes on as if it had not stopped", async () => {
  await assertResumes("stair", { dim: 8, gamma: 0.3, neighbors: { text: 3 } });
});

Deno.test("neighbours out of range are refused by modality", async () => {
  using gpu = await openDevice();
  for (const k of [-1, 1.5, 129]) {
    const message = `neighbors of "text" is ${k}, but must be a whole number from 0 to 128.`;
    await assertRejects(
      () => stair.create(gpu, textOnly, { dim: 4, neighbors: { text: k } }),
      InputError,
      message,
    );
  }
});
