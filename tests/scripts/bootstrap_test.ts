/**
 * Runs scripts/bootstrap.sh on pretended machines: PATH is one folder of stubs that record what
 * they are asked and change only that machine's temporary folder.
 *
 * @module
 */
import { assertEquals, assertStringIncludes } from "@std/assert";

const BOOTSTRAP = new URL("../../scripts/bootstrap.sh", import.meta.url).pathname;

/** What the machine has before the script runs; by default a Debian user's, all present. */
interface Machine {
  system?: string;
  userId?: number;
  /** Which of the stubs below are installed. */
  programs?: (keyof typeof STUBS)[];
  /** The version of the Deno on PATH; null for none. */
  deno?: string | null;
  loader?: boolean;
  driver?: string;
  /** Whether npm's global prefix can be written. */
  globalPrefix?: "writable" | "read-only";
  /** How the commands begin that fail, as "npm install". */
  failing?: string;
}

interface Outcome {
  code: number;
  stdout: string;
  /** What was printed after "+ ". */
  commands: string[];
  /** The other lines of stderr. */
  messages: string[];
  /** How many changing commands the stubs were really asked for. */
  calls: number;
}

const STUBS = {
  "apt-get": `
    echo "apt-get $*" >> "$MACHINE/calls"
    for word; do
      case $word in
        libvulkan1) touch "$MACHINE/loader" ;;
        mesa-vulkan-drivers) echo /usr/share/vulkan/icd.d/lvp_icd.json > "$MACHINE/driver" ;;
        curl | unzip) cp "$MACHINE/stubs/$word" "$MACHINE/bin/" ;;
      esac
    done`,
  npm: `
    case "$1 $2" in
      "prefix --global") cat "$MACHINE/prefix"; exit ;;
      "install --global") folder=$(cat "$MACHINE/prefix")/bin ;;
      "install --prefix") folder=$3/node_modules/.bin ;;
    esac
    echo "npm $*" >> "$MACHINE/calls"
    cat > /dev/null # as a program that asks a question would
    [[ $(cat "$MACHINE/prefix") != /dev/null || $2 == --prefix ]] || folder=$MACHINE/bin
    mkdir -p "$folder" && cp "$MACHINE/pinned_deno" "$folder/deno"`,
  sudo: `if [[ $1 == -n ]]; then shift; fi; "$@"`,
  curl: `
    echo "curl $*" >> "$MACHINE/calls"
    echo 'mkdir -p "$DENO_INSTALL/bin" && cp "$MACHINE/pinned_deno" "$DENO_INSTALL/bin/deno"'`,
  unzip: ``,
};

const REAL_PROGRAMS = "cat cp dirname env mkdir paste sed sh sort touch true".split(" ");

function denoStub(version: string): string {
  return `
    if [[ $1 == --version ]]; then echo "deno ${version} (stable)"; exit; fi
    printf '%s\\n' "\${BASH_SOURCE[0]#"$MACHINE/"}" "$DENO_NO_UPDATE_CHECK" "$@"
    exit 7`;
}

async function writeProgram(path: string, body: string): Promise<void> {
  await Deno.writeTextFile(path, `#!/bin/bash\n${body}\n`, { mode: 0o755 });
}

async function buildMachine(folder: string, machine: Machine): Promise<void> {
  const bin = `${folder}/bin`;
  for (const name of ["bin", "stubs", "home"]) await Deno.mkdir(`${folder}/${name}`);
  for (const name of REAL_PROGRAMS) {
    const real = await Deno.stat(`/bin/${name}`).then(() => "/bin", () => "/usr/bin");
    await Deno.symlink(`${real}/${name}`, `${bin}/${name}`);
  }
  await writeProgram(`${bin}/uname`, `echo ${machine.system ?? "Linux"}`);
  await writeProgram(`${bin}/id`, `echo ${machine.userId ?? 1000}`);
  await writeProgram(
    `${bin}/ldconfig`,
    `if [[ -e $MACHINE/loader ]]; then echo libvulkan.so.1; fi`,
  );
  await writeProgram(`${bin}/find`, `if [[ -e $MACHINE/driver ]]; then cat "$MACHINE/driver"; fi`);
  for (const [name, body] of Object.entries(STUBS)) {
    const fail = `case "${name} $*" in "${machine.failing ?? "none"}"*) exit 3 ;; esac\n`;
    await writeProgram(`${folder}/stubs/${name}`, fail + body);
  }
  for (const name of machine.programs ?? ["apt-get"]) {
    await Deno.copyFile(`${folder}/stubs/${name}`, `${bin}/${name}`);
  }
  const version = machine.deno === undefined ? "2.9.6" : machine.deno;
  if (version !== null) await writeProgram(`${bin}/deno`, denoStub(version));
  await writeProgram(`${folder}/pinned_deno`, denoStub("2.9.6"));

  const prefix = machine.globalPrefix === "read-only" ? "/dev/null" : `${folder}/global`;
  await Deno.writeTextFile(`${folder}/prefix`, prefix);
  await Deno.writeTextFile(`${folder}/calls`, "");
  if (machine.loader ?? true) await Deno.writeTextFile(`${folder}/loader`, "");
  const driver = machine.driver ?? "/usr/share/vulkan/icd.d/lvp_icd.json";
  if (driver !== "") await Deno.writeTextFile(`${folder}/driver`, driver);
}

async function bootstrap(folder: string, args: string[]): Promise<Outcome> {
  const child = new Deno.Command("/bin/bash", {
    args: [BOOTSTRAP, ...args],
    cwd: folder,
    clearEnv: true,
    env: { HOME: `${folder}/home`, PATH: `${folder}/bin`, MACHINE: folder },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const input = new Response("input").body;
  if (input !== null) await input.pipeTo(child.stdin).catch(() => {}); // it may end unread
  const { code, stdout, stderr } = await child.output();
  const decode = (bytes: Uint8Array): string =>
    new TextDecoder().decode(bytes).replaceAll(folder, "MACHINE");
  const lines = decode(stderr).split("\n").filter((line) => line !== "");
  const calls = await Deno.readTextFile(`${folder}/calls`);
  return {
    code,
    stdout: decode(stdout),
    commands: lines.filter((line) => line.startsWith("+ ")).map((line) => line.slice(2)),
    messages: lines.filter((line) => !line.startsWith("+ ")),
    calls: calls.split("\n").length - 1,
  };
}

async function onMachine(
  machine: Machine,
  use: (run: (...args: string[]) => Promise<Outcome>) => Promise<void>,
): Promise<void> {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  try {
    await buildMachine(folder, machine);
    await use((...args) => bootstrap(folder, args));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const UPDATE = "apt-get update";
const INSTALL = "env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends";
const PRIVATE = "MACHINE/home/.local/share/stair/deno";
const NPM_GLOBAL = "npm install --global deno@2.9.6";
const NPM_PRIVATE = `npm install --prefix ${PRIVATE} deno@2.9.6`;
const CURL = `curl -fsSL https://deno.land/install.sh | ` +
  `env CI=1 DENO_INSTALL=${PRIVATE} sh -s v2.9.6`;

/** Machines the script makes ready: the commands it runs and the Deno it ends with. */
const READY: { name: string; machine: Machine; commands: string[]; deno: string }[] = [
  { name: "all present", machine: {}, commands: [], deno: "MACHINE/bin/deno" },
  {
    name: "Deno missing, npm with a writable prefix",
    machine: { deno: null, programs: ["apt-get", "npm", "sudo"] },
    commands: [NPM_GLOBAL],
    deno: "MACHINE/global/bin/deno",
  },
  {
    name: "Deno missing, npm with a read-only prefix and sudo",
    machine: { deno: null, programs: ["apt-get", "npm", "sudo"], globalPrefix: "read-only" },
    commands: [`sudo ${NPM_GLOBAL}`],
    deno: "MACHINE/bin/deno",
  },
  {
    name: "Deno missing, npm with a read-only prefix and no sudo",
    machine: { deno: null, programs: ["apt-get", "npm"], globalPrefix: "read-only" },
    commands: [NPM_PRIVATE],
    deno: `${PRIVATE}/node_modules/.bin/deno`,
  },
  {
    name: "Deno missing, no npm, curl and unzip",
    machine: { deno: null, programs: ["apt-get", "curl", "unzip"] },
    commands: [CURL],
    deno: `${PRIVATE}/bin/deno`,
  },
  {
    name: "nothing there, as root",
    machine: { deno: null, loader: false, driver: "", userId: 0 },
    commands: [
      UPDATE,
      `${INSTALL} mesa-vulkan-drivers libvulkan1 curl ca-certificates unzip`,
      CURL,
    ],
    deno: `${PRIVATE}/bin/deno`,
  },
  {
    name: "driver missing, as root",
    machine: { loader: false, driver: "", userId: 0, programs: ["apt-get", "sudo"] },
    commands: [UPDATE, `${INSTALL} mesa-vulkan-drivers libvulkan1`],
    deno: "MACHINE/bin/deno",
  },
  {
    name: "driver missing, as a user with sudo",
    machine: { loader: false, driver: "", programs: ["apt-get", "sudo"] },
    commands: [`sudo ${UPDATE}`, `sudo ${INSTALL} mesa-vulkan-drivers libvulkan1`],
    deno: "MACHINE/bin/deno",
  },
  {
    name: "a hardware driver without the loader",
    machine: { loader: false, driver: "/etc/vulkan/icd.d/nvidia_icd.json", userId: 0 },
    commands: [UPDATE, `${INSTALL} libvulkan1`],
    deno: "MACHINE/bin/deno",
  },
  {
    name: "the loader without a driver",
    machine: { driver: "", userId: 0 },
    commands: [UPDATE, `${INSTALL} mesa-vulkan-drivers libvulkan1`],
    deno: "MACHINE/bin/deno",
  },
  {
    name: "an old Deno",
    machine: { deno: "2.8.3", programs: ["apt-get", "npm"] },
    commands: [NPM_PRIVATE],
    deno: `${PRIVATE}/node_modules/.bin/deno`,
  },
  {
    name: "a newer Deno than the pinned one",
    machine: { deno: "3.0.1" },
    commands: [],
    deno: "MACHINE/bin/deno",
  },
  {
    name: "macOS",
    machine: { system: "Darwin", programs: [], loader: false, driver: "" },
    commands: [],
    deno: "MACHINE/bin/deno",
  },
  {
    name: "Windows",
    machine: { system: "MINGW64_NT-10.0", programs: [], loader: false, driver: "" },
    commands: [],
    deno: "MACHINE/bin/deno",
  },
  { name: "Fedora", machine: { programs: [] }, commands: [], deno: "MACHINE/bin/deno" },
];

for (const { name, machine, commands, deno } of READY) {
  Deno.test(`bootstrap makes ready: ${name}`, () =>
    onMachine(machine, async (run) => {
      const first = await run();
      assertEquals(first.commands, commands, first.messages.join("\n"));
      assertEquals([first.code, first.stdout], [0, ""]);
      assertEquals(first.calls, commands.length, "every changing command is printed");
      assertEquals(first.messages.some((line) => line.endsWith(` (${deno})`)), true);

      const second = await run();
      assertEquals([second.code, second.stdout, second.commands], [0, "", []]);
      assertEquals(second.calls, first.calls, "a second run changes nothing");

      const third = await run("--", "deno", "task", "train", "--json", "a  b", "--help");
      assertEquals(third.code, 7);
      assertEquals(
        third.stdout,
        [deno.replace("MACHINE/", ""), "1", "task", "train", "--json", "a  b", "--help", ""]
          .join("\n"),
      );
    }));
}

/** Machines the script cannot make ready: its one closing sentence says why. */
const REFUSED: { name: string; machine: Machine; commands?: string[]; sentence: string }[] = [
  {
    name: "driver missing, neither root nor sudo",
    machine: { loader: false, driver: "" },
    sentence: 'root is needed: run as root "apt-get update && apt-get install -y ' +
      '--no-install-recommends mesa-vulkan-drivers libvulkan1" and then this script again',
  },
  {
    name: "npm cannot install",
    machine: { deno: null, programs: ["apt-get", "npm"], failing: "npm install" },
    commands: [NPM_GLOBAL],
    sentence: "npm could not install deno@2.9.6",
  },
  {
    name: "npm does not run",
    machine: { deno: "2.7.0", programs: ["apt-get", "npm"], failing: "npm" },
    sentence: "npm is installed but does not run",
  },
  {
    name: "apt-get fails",
    machine: { driver: "", userId: 0, failing: "apt-get" },
    commands: [UPDATE],
    sentence: "apt-get update failed",
  },
  {
    name: "apt-get cannot install",
    machine: { driver: "", userId: 0, failing: "apt-get install" },
    commands: [UPDATE, `${INSTALL} mesa-vulkan-drivers libvulkan1`],
    sentence: "apt-get could not install mesa-vulkan-drivers libvulkan1",
  },
  {
    name: "the download fails",
    machine: { deno: null, programs: ["apt-get", "curl", "unzip"], failing: "curl" },
    commands: [CURL],
    sentence: "the installer of deno.land could not install Deno 2.9.6",
  },
  {
    name: "macOS without Deno",
    machine: { system: "Darwin", deno: null, programs: [] },
    sentence: "macOS needs only Deno 2.9 or newer since Metal is built in: " +
      'run "brew install deno" and then this script again',
  },
  {
    name: "Windows with an old Deno",
    machine: { system: "MSYS_NT-10.0", deno: "2.1.0", programs: [] },
    sentence: "Windows needs only Deno 2.9 or newer (this is deno 2.1.0 (MACHINE/bin/deno)) " +
      'since DirectX 12 is built in: run "winget install DenoLand.Deno" and then this script again',
  },
  {
    name: "Fedora without Deno and driver",
    machine: { deno: null, driver: "", programs: [] },
    sentence: "there is no apt-get here: install Deno 2.9.6 (npm install --global deno@2.9.6) " +
      "and a Vulkan loader and driver (Fedora: vulkan-loader mesa-vulkan-drivers; " +
      "Arch: vulkan-icd-loader vulkan-swrast) and then run this again",
  },
  {
    name: "another system",
    machine: { system: "SunOS" },
    sentence: "SunOS is not a system that Deno's WebGPU runs on",
  },
];

for (const { name, machine, commands = [], sentence } of REFUSED) {
  Deno.test(`bootstrap refuses: ${name}`, () =>
    onMachine(machine, async (run) => {
      const { code, stdout, messages, commands: ran } = await run("deno", "task", "train");
      assertEquals(messages.at(-1), `bootstrap.sh: ${sentence}`);
      assertEquals([code, stdout, ran], [1, "", commands]);
    }));
}

Deno.test("bootstrap refuses an unknown option and an unknown command", () =>
  onMachine({}, async (run) => {
    const option = await run("--verbose");
    assertEquals([option.code, option.messages], [
      1,
      ["bootstrap.sh: unknown option --verbose (see --help)"],
    ]);
    const command = await run("no-such-program");
    assertEquals([command.code, command.messages.at(-1)], [
      1,
      "bootstrap.sh: no command no-such-program",
    ]);
  }));

Deno.test("bootstrap --help prints the usage and looks at nothing", () =>
  onMachine({ deno: null, programs: [] }, async (run) => {
    const { code, stdout, messages } = await run("--help");
    assertEquals([code, messages], [0, []]);
    assertStringIncludes(stdout, "Usage: scripts/bootstrap.sh");
  }));

Deno.test("bootstrap prints the PATH line only when Deno is off PATH", () =>
  onMachine({ deno: "2.8.3", programs: ["apt-get", "npm"] }, async (run) => {
    const { messages } = await run();
    assertEquals(messages, [
      "deno 2.8.3 (MACHINE/bin/deno) is older than 2.9: installing 2.9.6 beside it",
      `deno 2.9.6 (${PRIVATE}/node_modules/.bin/deno)`,
      "Vulkan loader, drivers: lvp_icd",
      `export PATH="${PRIVATE}/node_modules/.bin:$PATH"`,
    ]);
    assertEquals((await run()).messages, messages.slice(1));
  }));

Deno.test("bootstrap leaves stdin to the command", () =>
  onMachine({ deno: null, programs: ["apt-get", "npm"] }, async (run) => {
    const { code, stdout, commands } = await run("cat");
    assertEquals([code, stdout, commands], [0, "input", [NPM_GLOBAL]]);
  }));
