import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { requirePeer, startPeer } from "../../../scripts/bench/peer_process.ts";
import { InputError } from "../../../src/input_error.ts";

/** Arguments that make Deno behave like a training program. */
const peerArgs = (code: string) => ["eval", code];

const TRAINING = `
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
console.log(JSON.stringify({ epoch: 0, valid: {} }));
for (let epoch = 1; ; epoch++) {
  const start = Date.now();
  await wait(200);
  const sampling_s = (Date.now() - start) / 1000;
  await wait(20);
  console.log(JSON.stringify({ epoch, sampling_s, train_s: epoch }));
}`;

Deno.test("a peer that is no file is refused", async () => {
  const message = "--peer names nowhere.py, which is no file.";
  await assertRejects(() => requirePeer("nowhere.py"), InputError, message);
});

Deno.test("a peer trains an epoch when asked to and stands still in between", async () => {
  await using peer = startPeer(Deno.execPath(), peerArgs(TRAINING));
  const first = await peer.runEpoch();
  await new Promise((resolve) => setTimeout(resolve, 1500)); // several epochs, were it running
  const second = await peer.runEpoch();
  assertEquals(first, 1);
  // The epoch after, unless the pause fell into training, and then the next one.
  assert(second === 2 || second === 3, String(second));
});

Deno.test("a peer that cannot go on is an error", async (test) => {
  const cases: [string, string][] = [
    ["Deno.exit(0)", "ended; what it said is above."],
    ["console.log('hello')", 'printed "hello", which is not JSON.'],
  ];
  for (const [code, message] of cases) {
    await test.step(message, async () => {
      await using peer = startPeer(Deno.execPath(), peerArgs(code));
      await assertRejects(() => peer.runEpoch(), InputError, message);
    });
  }
  assertThrows(() => startPeer("/no/such/python3", []), InputError, "which is not there");
});

Deno.test("where an LD_ variable keeps Deno from starting a peer, a sentence says so", async () => {
  const module = new URL("../../../scripts/bench/peer_process.ts", import.meta.url);
  const file = new URL(import.meta.url).pathname;
  const code = `import { requirePeer } from ${JSON.stringify(module.href)};
    await requirePeer(${JSON.stringify(file)}).catch(({ message }) => console.log(message));`;
  const args = ["run", "--no-prompt", "--quiet", "--allow-read", "--allow-run=python3", "-"];
  const env = { LD_LIBRARY_PATH: "/nowhere" };
  const run = new Deno.Command(Deno.execPath(), { args, env, stdin: "piped", stdout: "piped" });
  const child = run.spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(code));
  await writer.close();
  const { stdout } = await child.output();
  assertStringIncludes(new TextDecoder().decode(stdout), "where LD_LIBRARY_PATH or another LD_");
});
