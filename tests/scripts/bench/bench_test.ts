/** Runs scripts/bench.ts as a user does, on a made dataset. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { createRandom, uniformReal } from "../../../src/random.ts";
import { encodeNpy, type Files, withFolder } from "../../data/dataset_folder.ts";

const SCRIPT = new URL("../../../scripts/bench.ts", import.meta.url).pathname;

/** A dataset in the MMRec layout. */
function datasetFiles(): Files {
  const random = createRandom(6);
  const lines = ["userID\titemID\tx_label"];
  for (let user = 0; user < 40; user++) {
    for (let item = 0; item < 5; item++) {
      lines.push([user, (user + 7 * item) % 30, Math.max(0, item - 2)].join("\t"));
    }
  }
  const row = () => Array.from({ length: 4 }, () => uniformReal(random));
  return {
    "tiny.inter": lines.join("\n") + "\n",
    "text_feat.npy": encodeNpy(Array.from({ length: 30 }, row)),
  };
}

async function bench(...options: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-read", "--allow-env=XDG_RUNTIME_DIR", SCRIPT, ...options],
    stdout: "piped",
    stderr: "piped",
  }).output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: decode(stdout), stderr: decode(stderr) };
}

Deno.test("--json prints the report and nothing else", () =>
  withFolder(datasetFiles(), async (folder) => {
    const { code, stdout, stderr } = await bench("--data", folder, "--epochs", "1", "--json");
    assertEquals(code, 0, stderr);
    const report = JSON.parse(stdout);
    assertEquals(report.dataset.users, 40);
    assertEquals(report.dataset.train, 120);
    assertStringIncludes(stderr, "STAIR");
  }));

Deno.test("--schedule prints a table of graphs, generated ones too", () =>
  withFolder(datasetFiles(), async (folder) => {
    const { code, stdout, stderr } = await bench("--data", folder, "--schedule");
    assertEquals([code, stderr], [0, ""]);
    const graphs = stdout.split("\n").slice(4, -1).map((line) => line.split("|")[1]!.trim());
    assertEquals(graphs[0], `${folder.split("/").at(-1)}, Ã`);
    assertEquals(graphs.slice(1), [
      "generated, Electronics-sized",
      "generated, 20 M, Zipf 0.42",
      "generated, 20 M, Zipf 0.7",
      "generated, 20 M, Zipf 0.9",
    ]);
  }));

const refused: [string[], string][] = [
  [["--epochs", "0"], "--epochs is 0, but must be a whole number from 1."],
  [["--growth", "--largest", "1.5"], "--largest is 1.5, but must be a whole number from 1."],
  [["--largest", "4"], "--largest needs --growth."],
  [["--peer-device", "cuda"], "--peer-device needs --peer."],
  [["--schedule", "--peer="], "--peer is no use beside --schedule, which measures nothing."],
  [["--schedule", "--growth"], "--growth is no use beside --schedule, which measures nothing."],
  [["--schedule", "--ranking"], "--ranking is no use beside --schedule, which measures nothing."],
  [["--ranking", "--growth"], "--growth is no use beside --ranking, which measures nothing else."],
  [["--ranking", "--data", "x"], "--data is no use beside --ranking, which measures nothing else."],
  [["--data", "/no/such/folder"], "/no/such/folder is not a folder."],
  [["--fast"], "Unknown argument --fast; --help lists what there is."],
];

for (const [options, message] of refused) {
  Deno.test(`${options.join(" ")} is refused in one sentence`, async () => {
    const { code, stdout, stderr } = await bench(...options);
    assertEquals([code, stdout, stderr], [2, "", `error: ${message}\n`]);
  });
}
