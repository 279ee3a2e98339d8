/**
 * What the system's loader of GPU drivers prints, on Deno.
 *
 * @module
 */

/** Headless Linux loaders complain on stderr when this variable is unset; any folder quiets them. */
export function quietLoader(): void {
  const variable = "XDG_RUNTIME_DIR";
  const { state } = Deno.permissions.querySync({ name: "env", variable });
  if (Deno.build.os === "linux" && state === "granted" && !Deno.env.get(variable)) {
    Deno.env.set(variable, "/tmp");
  }
}
