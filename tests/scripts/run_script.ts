/** Runs a script of scripts/ as a user does, with what its task allows. */
export async function runScript(
  script: "compare_models.ts" | "train.ts" | "tune.ts",
  folder: string,
  ...options: string[]
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  const path = new URL(`../../scripts/${script}`, import.meta.url).pathname;
  const allowed = ["--allow-read", "--allow-write=runs", "--allow-env=XDG_RUNTIME_DIR"];
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", ...allowed, path, ...options],
    cwd: folder,
  }).output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: decode(stdout), stderr: decode(stderr) };
}
