/** Every rival against the numbers of its own authors' code. */
import { assert, assertEquals } from "@std/assert";
import { checkRival } from "./check_rival.ts";
import { parseRival, parseRivalInput } from "./rival_file.ts";
import { openDevice } from "../../src/gpu/device.ts";

const FOLDER = new URL("./numbers/rivals/", import.meta.url);
const FILES = [...Deno.readDirSync(FOLDER)].map(({ name }) => name)
  .filter((name) => name.endsWith(".json") && name !== "common.json").sort();

for (const name of FILES) {
  Deno.test(`${name} is met`, async () => {
    const read = (file: string) => Deno.readTextFileSync(new URL(file, FOLDER));
    using gpu = await openDevice();
    const input = parseRivalInput("common.json", read("common.json"));
    const errors = await checkRival(gpu, parseRival(name, read(name)), input);
    assert(errors.size >= 7, `only ${errors.size} quantities were compared`);
    for (const [quantity, error] of errors) assert(error <= 1e-4, `${quantity}: ${error}`);
    assertEquals(gpu.bytes, 0);
  });
}
