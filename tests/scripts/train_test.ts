/** Runs scripts/train.ts as a user does, on a made dataset, in a temporary folder. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { createRandom, uniformBelow, uniformReal } from "../../src/random.ts";
import { assertSurvivesKills } from "./killed_runs.ts";
import { encodeNpy, type Files, withFolder } from "../data/dataset_folder.ts";

const pathOf = (name: string): string => new URL(name, import.meta.url).pathname;
const SCRIPT = pathOf("../../scripts/train.ts");
const USERS = 50, ITEMS = 30;

/** A dataset in the MMRec layout. */
function datasetFiles(name: string): Files {
  const random = createRandom(6);
  const lines = ["userID\titemID\tx_label"];
  for (let user = 0; user < USERS; user++) {
    const items = new Set<number>([user % ITEMS]);
    while (items.size < 7) items.add(uniformBelow(random, ITEMS));
    [...items].forEach((item, place) =>
      lines.push([user, item, Math.max(0, place - 4)].join("\t"))
    );
  }
  const features = (width: number) =>
    Array.from({ length: ITEMS }, () => Array.from({ length: width }, () => uniformReal(random)));
  return {
    [`${name}/${name}.inter`]: lines.join("\n") + "\n",
    [`${name}/text_feat.npy`]: encodeNpy(features(12)),
    [`${name}/image_feat.npy`]: encodeNpy(features(9)),
  };
}

const EPOCHS = 40;
const SETTINGS = ["--dim", "8", "--batch-size", "50", "--eval-every", "1"];
const RUN = ["--data", "tiny", ...SETTINGS, "--epochs", String(EPOCHS)];

/** The script's command; with flags of Deno's own before it. */
function command(
  folder: string,
  options: readonly string[],
  output: "piped" | "null",
  flags: readonly string[] = [],
) {
  return new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      ...flags,
      "--allow-read",
      "--allow-write",
      "--allow-env=XDG_RUNTIME_DIR",
      SCRIPT,
      ...options,
    ],
    cwd: folder,
    stdout: output,
    stderr: output,
  });
}

/** What a finished run returned and printed. */
async function finish(folder: string, ...options: string[]) {
  return await outputOf(command(folder, options, "piped"));
}

async function outputOf(command: Deno.Command) {
  const { code, stdout, stderr } = await command.output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: decode(stdout), stderr: decode(stderr) };
}

/** Starts a run, stops it by Ctrl-C once it has trained three epochs, and returns how it ended. */
async function interrupt(folder: string, out: string) {
  const child = command(folder, [...RUN, "--out", out], "null").spawn();
  let running = true;
  child.status.then(() => running = false);
  while (running && await trainedEpochs(`${folder}/${out}`) < 3) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert(running, "the run ended before it was interrupted");
  child.kill("SIGINT");
  return await child.status;
}

/** The last epoch in metrics.csv; -1 before there is any. */
async function trainedEpochs(out: string): Promise<number> {
  const text = await Deno.readTextFile(`${out}/metrics.csv`).catch(() => "");
  const [epoch] = text.split("\n").slice(1, -1).at(-1)?.split(",") ?? [];
  return Number(epoch ?? -1);
}

async function assertSameRun(actual: string, expected: string): Promise<void> {
  for (const name of ["best.safetensors", "last.safetensors"]) {
    const [a, b] = await Promise.all(
      [actual, expected].map((run) => Deno.readFile(`${run}/${name}`)),
    );
    assert(a!.length === b!.length && a!.every((byte, i) => byte === b![i]), `${name} differs`);
  }
  assertEquals(await trainedEpochs(actual), await trainedEpochs(expected));
}

Deno.test("a run tells its result, repeats it, and goes on with it when stopped", async (test) => {
  await withFolder(datasetFiles("tiny"), async (folder) => {
    const run = `${folder}/runs/tiny-stair-1`;

    await test.step("--json prints the summary and nothing else", async () => {
      const { code, stdout, stderr } = await finish(folder, ...RUN, "--json");
      assertEquals(code, 0, stderr);
      const summary = JSON.parse(stdout);
      assertEquals(stdout, await Deno.readTextFile(`${run}/summary.json`));
      const pairs = USERS * 7;
      const { sparsity, ...sizes } = summary.dataset;
      assertEquals(sizes, {
        name: "tiny",
        users: USERS,
        items: ITEMS,
        interactions: pairs,
        train: USERS * 5,
        valid: USERS,
        test: USERS,
      });
      assertEquals(sparsity, 1 - pairs / (USERS * ITEMS));
      assertEquals([summary.model, summary.epochs, summary.ended], ["stair", EPOCHS, "all epochs"]);
      assertEquals(summary.config, JSON.parse(await Deno.readTextFile(`${run}/config.json`)));
      assertEquals(summary.config.settings.dim, 8);
      assertEquals(summary.config.training.batchSize, 50);
      assert(summary.adapter.length > 0 && summary.peakGpuBytes > 0 && summary.secondsPerEpoch > 0);
      assert(summary.bestEpoch >= 0 && summary.bestEpoch <= EPOCHS);
      for (const split of [summary.valid, summary.test]) {
        assertEquals(Object.keys(split), ["recall@10", "recall@20", "ndcg@10", "ndcg@20"]);
        for (const value of Object.values(split)) assert(Number(value) > 0 && Number(value) <= 1);
      }
    });

    await test.step("the same command gives the same bytes", async () => {
      const { code, stdout, stderr } = await finish(folder, ...RUN);
      assertEquals(code, 0, stderr);
      assertStringIncludes(stdout, "saved in runs/tiny-stair-1");
      await assertSameRun(run, `${run}.previous`);
    });

    await test.step("killed at random moments, it goes on to the same bytes", async () => {
      await Deno.mkdir(`${folder}/kills`);
      const options = [...SETTINGS, "--data", `${folder}/tiny`, "--epochs", String(EPOCHS)];
      await assertSurvivesKills({ folder: `${folder}/kills`, options, kills: 3 });
    });

    await test.step("stopped by Ctrl-C, it goes on to the same bytes", async () => {
      const { code, signal } = await interrupt(folder, "stopped");
      assertEquals([code, signal], [130, null]);
      assert(await trainedEpochs(`${folder}/stopped`) < EPOCHS);
      const again = await finish(folder, ...RUN, "--out", "stopped", "--resume");
      assertEquals(again.code, 0, again.stderr);
      await assertSameRun(`${folder}/stopped`, run);
    });

    await test.step("with its device lost, it ends with code 1, and goes on to the same bytes", async () => {
      const options = [...RUN, "--out", "lost"];
      const flags = [`--preload=${pathOf("losing_device.ts")}`];
      const { code, stderr } = await outputOf(command(folder, options, "piped", flags));
      assertEquals(code, 1, stderr);
      const message = /^error: The GPU device was lost .*keeps the last good checkpoint\.$/m;
      assertMatch(stderr, message);
      const again = await finish(folder, ...options, "--resume");
      assertEquals(again.code, 0, again.stderr);
      await assertSameRun(`${folder}/lost`, run);
    });

    await test.step("with other settings, it does not go on", async () => {
      const { code, stderr } = await finish(folder, ...RUN, "--resume", "--gamma", "0.7");
      assertEquals(code, 2);
      assertStringIncludes(stderr, "it was started with gamma 0.1, not 0.7.");
      await assertSameRun(run, `${run}.previous`);
    });
  });
});

Deno.test("bad input ends the script with one line and code 2", async (test) => {
  const { ["bare/bare.inter"]: bare } = datasetFiles("bare");
  await withFolder({ ...datasetFiles("tiny"), "bare/bare.inter": bare! }, async (folder) => {
    const cases: [string[], string][] = [
      [["--data", "tiny", "--epoch", "5"], "error: Unknown argument --epoch; --help lists"],
      [["tiny"], "error: Unknown argument tiny; --help lists"],
      [["--data", "tiny", "--epochs", "ten"], 'error: --epochs is "ten", but must be a number.'],
      [["--data", "tiny", "--batch-size="], 'error: --batch-size is "", but must be a number.'],
      [["--data", "tiny", "--neighbors", "text"], 'error: --neighbors is "text", but must be like'],
      [["--data", "tiny", "--preset", "books"], 'error: preset is "books", but must be baby'],
      [["--data", "tiny", "--model", "books"], 'error: There is no model "books": known are stair'],
      [
        ["--data", "tiny", "--model", "lightgcn", "--gamma", "0.1"],
        "error: --gamma is not an option of lightgcn",
      ],
      [["--data", "nowhere"], "error: nowhere is not a folder."],
      [["--data", "bare"], "error: STAIR starts from item features, and bare has none"],
      [
        [...RUN, "--resume"],
        "error: Cannot resume runs/tiny-stair-1: there is no last.safetensors",
      ],
    ];
    for (const [options, message] of cases) {
      await test.step(options.join(" "), async () => {
        const { code, stdout, stderr } = await finish(folder, ...options);
        const lines = stderr.trimEnd().split("\n");
        // What the script was at by then is no part of the error.
        const errors = lines.filter((line) => !line.startsWith("preparing "));
        assertEquals([code, stdout, errors.length], [2, "", 1], stderr);
        assertStringIncludes(errors[0]!, message);
      });
    }
  });
});

Deno.test("options are checked before anything is computed", async () => {
  await withFolder(datasetFiles("tiny"), async (folder) => {
    const { stderr } = await finish(folder, "--data", "tiny", "--learning-rate", "fast");
    assertEquals(stderr, 'error: --learning-rate is "fast", but must be a number.\n');
  });
});

Deno.test("--help lists every option", async () => {
  await withFolder({}, async (folder) => {
    const { code, stdout, stderr } = await finish(folder, "--help");
    assertEquals([code, stderr], [0, ""]);
    for (const option of ["--data", "--preset", "--resume", "--json", "--patience", "--out"]) {
      assertStringIncludes(stdout, option);
    }
    const ofModel = await finish(folder, "--model", "lightgcn", "--help");
    assertStringIncludes(ofModel.stdout, "LightGCN (He et al., SIGIR 2020)");
    assertStringIncludes(ofModel.stdout, "--reg-weight");
  });
});

Deno.test("--dry-run tells the memory and writes nothing", async () => {
  await withFolder(datasetFiles("tiny"), async (folder) => {
    const { code, stdout } = await finish(folder, "--data", "tiny", "--dry-run");
    assertEquals(code, 0);
    assertMatch(stdout, /^stair on tiny: .* of GPU memory, and about .* of main memory\.\n$/);
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["tiny"]);
  });
});

Deno.test("a run takes about as much memory as --dry-run says", async () => {
  await withFolder(datasetFiles("tiny"), async (folder) => {
    const options = ["--data", "tiny", "--model", "lightgcn"];
    const { stdout } = await finish(folder, ...options, "--dry-run", "--json");
    const { peakGpuBytes, mainMemoryBytes } = JSON.parse(stdout);
    const flags = [`--preload=${pathOf("most_memory.ts")}`];
    const run = command(folder, [...options, "--epochs", "1"], "piped", flags);
    const { stderr } = await outputOf(run);
    const bytes = Number(/^(\d+) bytes$/m.exec(stderr)![1]);
    // A software adapter's memory is of the process, too.
    const share = bytes / (peakGpuBytes + mainMemoryBytes);
    assert(share > 0.5 && share < 1.2, `${bytes} bytes, ${share} of what was counted`);
  });
});
