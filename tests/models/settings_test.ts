/** What follows from a table of settings: the type, the check, and what people are told. */
import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../src/input_error.ts";
import { definitionOf } from "../../src/models/define_model.ts";
import { models } from "../../src/models/registry.ts";
import {
  completeSettings,
  describeRange,
  requireSettings,
  type Setting,
  type SettingsOf,
  writtenName,
} from "../../src/models/settings.ts";

const table = {
  dim: { default: 8, from: 4, to: 16, multipleOf: 4, help: "" },
  dropRate: { default: 0.5, from: 0, below: 1, help: "" },
  fast: { default: false, help: "" },
  neighbors: { default: { text: 5, image: 1 }, from: 0, whole: true, help: "" },
} as const;

Deno.test("the settings of a table have its types, and the seed", () => {
  const settings: SettingsOf<typeof table> = completeSettings("made", table);
  const dim: number = settings.dim, fast: boolean = settings.fast, seed: number = settings.seed;
  const neighbors: Readonly<Record<string, number>> = settings.neighbors;
  assertEquals({ dim, fast, neighbors, seed }, {
    dim: 8,
    fast: false,
    neighbors: { text: 5, image: 1 },
    seed: 1,
  });
  // @ts-expect-error: no setting is called so
  assertEquals(settings.width, undefined);
});

Deno.test("a layer takes the place of those before it, of each modality by itself", () => {
  const complete = completeSettings(
    "made",
    table,
    { dim: 4, neighbors: { text: 2 } },
    { dim: undefined, neighbors: { audio: 3 }, seed: 7 },
  );
  assertEquals(complete, {
    dim: 4,
    dropRate: 0.5,
    fast: false,
    neighbors: { text: 2, image: 1, audio: 3 },
    content: {},
    filter: 0,
    seed: 7,
  });
  assertEquals(table.neighbors.default, { text: 5, image: 1 });
});

Deno.test("settings that are not known or out of range are refused in one sentence", async (test) => {
  const cases: [given: object, message: string][] = [
    [
      { dims: 8 },
      '"dims" is not a setting of made, which has dim, dropRate, fast, neighbors, content, filter, seed.',
    ],
    [{ toString: 8 }, '"toString" is not a setting of made'],
    [{ dim: 0 }, "dim is 0, but must be a multiple of 4 from 4 to 16."],
    [{ dim: 20 }, "dim is 20, but must be"],
    [{ dim: "8" }, 'dim is "8", but must be a multiple of 4 from 4 to 16.'],
    [{ dim: null }, "dim is null, but must be"],
    [{ dropRate: 1 }, "drop-rate is 1, but must be from 0 to below 1."],
    [{ dropRate: NaN }, "drop-rate is NaN, but must be from 0 to below 1."],
    [{ fast: 1 }, "fast is 1, but must be true or false."],
    [{ fast: "true" }, 'fast is "true", but must be true or false.'],
    [{ neighbors: 5 }, "neighbors is 5, but must be a number for each modality."],
    [{ neighbors: [5] }, "neighbors is [5], but must be a number for each modality."],
    [
      { neighbors: { audio: 1.5 } },
      'neighbors of "audio" is 1.5, but must be a whole number from 0.',
    ],
    [{ seed: -1 }, "seed is -1, but must be a whole number from 0."],
  ];
  for (const [given, message] of cases) {
    await test.step(message, () => {
      assertThrows(() => completeSettings("made", table, given), InputError, message);
    });
  }
});

Deno.test("settings to restore must be there, all of them", () => {
  const whole = { dim: 4, dropRate: 0, fast: true, neighbors: {}, content: {}, filter: 0, seed: 0 };
  requireSettings("made", table, whole);
  const { fast: _, ...rest } = whole;
  const message = "fast is undefined, but must be true or false.";
  assertThrows(() => requireSettings("made", table, rest), InputError, message);
});

Deno.test("a range is said as people would", () => {
  const cases: [Omit<Setting, "default" | "help">, string][] = [
    [{}, "a number"],
    [{ whole: true }, "a whole number"],
    [{ whole: true, from: 1 }, "a whole number from 1"],
    [{ whole: true, from: 1, to: 128 }, "a whole number from 1 to 128"],
    [{ from: 0 }, "0 or more"],
    [{ from: 0, to: 1 }, "from 0 to 1"],
    [{ from: 0, below: 1 }, "from 0 to below 1"],
    [{ above: 0 }, "above 0"],
    [{ above: 0, below: 1 }, "above 0 and below 1"],
    [{ above: 0, to: 1 }, "above 0 and at most 1"],
    [{ below: 1 }, "below 1"],
    [{ multipleOf: 4, from: 4, to: 256 }, "a multiple of 4 from 4 to 256"],
  ];
  for (const [limits, range] of cases) {
    assertEquals(describeRange({ default: 0, help: "", ...limits }), range);
  }
  assertEquals(describeRange({ default: true, help: "" }), "true or false");
});

Deno.test("names are written with hyphens", () => {
  assertEquals(["dim", "regWeight", "gDrop1"].map(writtenName), ["dim", "reg-weight", "g-drop1"]);
});

for (const kind of Object.values(models)) {
  Deno.test(`the defaults and presets of ${kind.name} are within its own ranges`, () => {
    const { settings, presets } = definitionOf(kind);
    for (const { model } of [{ model: {} }, ...Object.values(presets)]) {
      completeSettings(kind.name, settings, model);
    }
  });
}
