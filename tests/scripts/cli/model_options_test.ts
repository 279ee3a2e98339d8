import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { InputError } from "../../../src/input_error.ts";
import { defineModel, settingsFor } from "../../../src/models/define_model.ts";
import { models } from "../../../src/models/registry.ts";
import {
  describeOptions,
  modelOptions,
  requireOwnOptions,
  settingsFrom,
} from "../../../scripts/cli/model_options.ts";

const { stair, lightgcn } = models;

/** A kind that is not of this library. */
const own = defineModel({
  name: "own",
  title: "Own",
  settings: {
    fast: { default: false, help: "whether it is fast" },
    depth: { default: 2, from: 1, whole: true, help: "how deep" },
  },
  presets: {
    baby: {
      model: {},
      training: { learningRate: 1, weightDecay: 0, batchSize: 1, epochs: 1 },
      source: "a test",
    },
  },
  create: () => {
    throw new InputError("None is made.");
  },
});

Deno.test("settings are options in kebab-case, each once", () => {
  const options = modelOptions();
  assertEquals(new Set(options).size, options.length);
  for (const option of ["dim", "layers", "gamma", "neighbors", "reg-weight"]) {
    assertEquals(options.includes(option), true, option);
  }
  const expected = ["fast", "depth", "content", "filter", "dim", "layers", "reg-weight"];
  assertEquals(modelOptions([own, lightgcn]), expected);
});

Deno.test("an option takes the place of the preset's value, the rest stays", () => {
  const given = settingsFrom(stair, { gamma: "0.7", neighbors: "image=0", dim: undefined });
  assertEquals(given, { gamma: 0.7, neighbors: { image: 0 } });
  const whole = {
    dim: 64,
    layers: 3,
    gamma: 0.7,
    neighbors: { text: 5, image: 0 },
    content: {},
    filter: 0,
    seed: 1,
  };
  assertEquals(settingsFor(stair, "sports", given).settings, whole);
  assertEquals(settingsFrom(lightgcn, {}), {});
  assertThrows(
    () => settingsFrom(stair, { gamma: "steep" }),
    InputError,
    '--gamma is "steep", but must be a number.',
  );
  assertThrows(
    () => settingsFrom(stair, { neighbors: "5" }),
    InputError,
    '--neighbors is "5", but must be like text=5,image=1.',
  );
});

Deno.test("switches take true or false, and are on where they are only named", () => {
  assertEquals(settingsFrom(own, { fast: "true" }), { fast: true });
  assertEquals(settingsFrom(own, { fast: "" }), { fast: true });
  assertEquals(settingsFrom(own, { fast: "false" }), { fast: false });
  assertThrows(
    () => settingsFrom(own, { fast: "yes" }),
    InputError,
    '--fast is "yes", but must be true or false.',
  );
});

Deno.test("what a model does not have is refused", () => {
  requireOwnOptions(stair, { gamma: "0.1" });
  requireOwnOptions(own, { fast: "true", epochs: "3" });
  for (const kind of [lightgcn, own]) {
    assertThrows(
      () => requireOwnOptions(kind, { gamma: "0.1" }),
      InputError,
      `--gamma is not an option of ${kind.name}; --model ${kind.name} --help lists them.`,
    );
  }
});

Deno.test("a table tells each option with its range and what it is in the preset", () => {
  const table = describeOptions(stair, settingsFor(stair, "sports").settings);
  const row = (option: string) => table.split("\n").find((line) => line.includes(option))!;
  assertStringIncludes(row("--gamma"), "| 0.2 "); // of the Sports preset
  assertStringIncludes(row("--gamma"), "| above 0 ");
  assertStringIncludes(row("--neighbors"), "| text=5,image=1 ");
  assertStringIncludes(row("--neighbors"), "| a whole number from 0 to 128 ");
  assertStringIncludes(row("--dim"), "| a multiple of 4 from 4 to 256 ");
});
