/**
 * What of the READMEs a program can check: that their tables are whole, that what they name is there, that
 * their commands are understood, and that their code runs.
 */
import { assert, assertEquals, assertLess, assertStringIncludes } from "@std/assert";

const root = new URL("../", import.meta.url);
/** Folders that hold no page of ours. */
const FOREIGN = ["node_modules", "runs", "coverage"];

/** Paths of all READMEs below a folder, from the root. */
function readmesIn(folder: string): string[] {
  return [...Deno.readDirSync(new URL(folder || ".", root))].flatMap(({ name, isDirectory }) => {
    if (!isDirectory) return name === "README.md" ? [folder + name] : [];
    return name.startsWith(".") || FOREIGN.includes(name) ? [] : readmesIn(`${folder}${name}/`);
  }).sort();
}

/** A fenced block. */
interface Block {
  /** What stands behind the fence: "sh", "ts", "ts ignore" or nothing. */
  readonly info: string;
  readonly code: string;
}

function blocksOf(text: string): Block[] {
  return Array.from(
    text.matchAll(/^```(.*)\n([^]*?)^```$/gm),
    ([, info = "", code = ""]) => ({ info, code }),
  );
}

/** The anchors of a page's headings, as GitHub makes them. */
function anchorsOf(text: string): string[] {
  return Array.from(
    text.matchAll(/^#+ (.+)$/gm),
    ([, title = ""]) => title.toLowerCase().replaceAll(/[^a-z0-9 -]/g, "").replaceAll(" ", "-"),
  );
}

/** Lines of shell blocks and commands in running text, without comments. */
function commandsOf(text: string): string[] {
  const lines = blocksOf(text).filter(({ info }) => info === "sh")
    .flatMap(({ code }) => code.replaceAll(/\\\n\s*/g, "").trim().split("\n"));
  const inline = text.replaceAll(/^```.*\n[^]*?^```$/gm, "").matchAll(/`(deno [^`]+)`/g);
  return [...lines, ...Array.from(inline, ([, command = ""]) => command.replaceAll("\n", " "))]
    .map((line) => line.replace(/\s#.*/, "").trim());
}

const { tasks } = JSON.parse(Deno.readTextFileSync(new URL("deno.json", root)));

async function runDeno(args: string[], input = "") {
  const child = new Deno.Command(Deno.execPath(), {
    args,
    cwd: root,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close();
  const { success, stdout, stderr } = await child.output();
  const [printed, complained] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  assert(success, `deno ${args.join(" ")}\n${complained}`);
  return printed!;
}

const front = Deno.readTextFileSync(new URL("README.md", root));

Deno.test("the front README is short, and its code is whole programs", () => {
  assertLess([...front].length, 9000);
  assertEquals(blocksOf(front).filter(({ info }) => info === "ts ignore"), []);
  assert(blocksOf(front).some(({ info }) => info === "ts"));
});

Deno.test("the front README's layout names what is there, and every folder of src", () => {
  const layout = blocksOf(front).find(({ code }) => /^src\/$/m.test(code))!.code;
  let folder = "";
  const paths = Array.from(layout.matchAll(/^( {0,2})(\S+)/gm), ([, indent, name = ""]) => {
    if (indent === "") folder = name;
    return indent === "" ? name : folder + name;
  });
  for (const path of paths) Deno.statSync(new URL(path, root));
  for (const { name, isDirectory } of Deno.readDirSync(new URL("src", root))) {
    if (isDirectory) assert(paths.includes(`src/${name}/`), `src/${name}/ is not in the layout`);
  }
});

for (const name of readmesIn("")) {
  const text = Deno.readTextFileSync(new URL(name, root));
  const blocks = blocksOf(text);

  Deno.test(`the tables of ${name} have as many cells in each row as in their head`, () => {
    const tables = text.split(/\n(?!\|)/).map((part) =>
      part.split("\n").filter((line) => line[0] === "|")
    );
    for (const rows of tables.filter((rows) => rows.length > 0)) {
      const cells = rows.map((row) => row.split("|").length);
      assertEquals(cells, cells.map(() => cells[0]), rows[0]);
      const isRule = rows.map((row) => /^[|: -]+$/.test(row) && row.includes("--"));
      assertEquals(isRule, isRule.map((_, row) => row === 1), rows[0]);
    }
  });

  Deno.test(`what ${name} links to and names is there`, () => {
    for (const [, link = ""] of text.matchAll(/\]\(([^)]+)\)/g)) {
      if (link.startsWith("https:")) continue;
      const [path = "", anchor] = link.split("#");
      const target = path === "" ? new URL(name, root) : new URL(path, new URL(name, root));
      Deno.statSync(target);
      if (anchor === undefined) continue;
      assert(anchorsOf(Deno.readTextFileSync(target)).includes(anchor), link);
    }
    const paths = text.matchAll(/(?<![\w./])(?:src|scripts|tests|kernels|data)\/[\w./-]*[\w/]/g);
    for (const [path] of paths) {
      if (!/[A-Z]{3}/.test(path)) Deno.statSync(new URL(path, root)); // NAME stands for many
    }
  });

  Deno.test(`${name} needs nothing beside the repository`, () => {
    if (name !== "data/README.md") assertEquals(text.match(/\.\.\/shared.*/g), null);
  });

  Deno.test(`the commands of ${name} are understood`, async () => {
    for (const [, task = ""] of text.matchAll(/deno task ([a-z][\w:-]*)/g)) {
      assert(Object.hasOwn(tasks, task), `deno.json has no task ${task}`);
    }
    for (const command of commandsOf(text)) {
      const [program, verb, target = "", ...rest] = command
        .replace("scripts/bootstrap.sh ", "").split(/\s+/);
      assertEquals(program, "deno", command);
      const runs = verb === "task" ? tasks[target].command : command;
      // The other tasks are checks of the whole repository, and a reader's own files are not there.
      if (target.startsWith("test") || !/deno run .*(scripts|tests)\/\S+\.ts/.test(runs)) continue;
      const help = await runDeno([verb!, target, ...rest, "--help"]);
      assertStringIncludes(help, "usage:", command);
    }
  });

  for (const [index, { info, code }] of blocks.entries()) {
    if (info === "ts") {
      Deno.test(`the code of ${name} runs (block ${index + 1})`, async () => {
        // From standard input, which stands in the root: "./mod.ts" is what it is for a reader.
        await runDeno(["run", "--check", "--allow-read", "--allow-env=XDG_RUNTIME_DIR", "-"], code);
      });
    } else if (info === "ts ignore") {
      Deno.test(`the excerpt in ${name} is from the source (block ${index + 1})`, () => {
        const sources = Array.from(
          text.matchAll(/\]\(([^)]+\.ts)\)/g),
          ([, path = ""]) => Deno.readTextFileSync(new URL(path, new URL(name, root))),
        );
        assert(sources.some((source) => source.includes(code)), code);
      });
    }
  }
}
