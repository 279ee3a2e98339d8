import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { InputError } from "../../../src/input_error.ts";
import { presetFor } from "../../../src/models/model.ts";
import { models } from "../../../src/models/registry.ts";
import {
  allModelOptions,
  chooseModel,
  describeOptions,
  optionName,
  settingsFrom,
} from "../../../scripts/cli/model_options.ts";

const { stair, lightgcn } = models as Required<typeof models>;
const preset = (kind: typeof stair) => presetFor(kind!, "sports").model;

Deno.test("settings are options in kebab-case, each once", () => {
  assertEquals(optionName("regWeight"), "reg-weight");
  const options = allModelOptions();
  assertEquals(new Set(options).size, options.length);
  for (const option of ["dim", "layers", "gamma", "neighbors", "reg-weight"]) {
    assertEquals(options.includes(option), true, option);
  }
});

Deno.test("an option takes the place of the preset's value, the rest stays", () => {
  const settings = settingsFrom(stair!, preset(stair), { gamma: "0.7", neighbors: "image=0" });
  assertEquals(settings, { dim: 64, layers: 3, gamma: 0.7, neighbors: { text: 5, image: 0 } });
  assertEquals(settingsFrom(lightgcn!, preset(lightgcn), {}), {
    dim: 64,
    layers: 3,
    regWeight: 1e-3,
  });
});

Deno.test("switches take true or false, and are on where they are only named", () => {
  const kind = { ...stair!, settings: { fast: { value: false, help: "" } } };
  assertEquals(settingsFrom(kind, { fast: false }, { fast: "true" }), { fast: true });
  assertEquals(settingsFrom(kind, { fast: false }, { fast: "" }), { fast: true });
  assertEquals(settingsFrom(kind, { fast: true }, { fast: "false" }), { fast: false });
  assertThrows(
    () => settingsFrom(kind, { fast: false }, { fast: "yes" }),
    InputError,
    '--fast is "yes", but must be true or false.',
  );
});

Deno.test("what a model does not have is refused", () => {
  assertEquals(chooseModel("stair", { gamma: "0.1" }), stair);
  assertThrows(() => chooseModel("books", {}), InputError, '--model is "books", but must be');
  assertThrows(
    () => chooseModel("lightgcn", { gamma: "0.1" }),
    InputError,
    "--gamma is not an option of lightgcn; --model lightgcn --help lists them.",
  );
});

Deno.test("a table tells each option with what it is in the preset", () => {
  const table = describeOptions(stair!, preset(stair));
  assertStringIncludes(table, "--gamma");
  assertStringIncludes(table, "text=5,image=1");
  assertStringIncludes(table, "0.2"); // of the Sports preset
});
