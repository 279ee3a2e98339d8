#!/usr/bin/env bash
# Makes a machine ready for STAIR: Deno, and a Vulkan driver where the system has none.
# See --help. Everything printed goes to stderr, so that stdout belongs to COMMAND.
set -euo pipefail

readonly pinned_deno=2.9.6
readonly oldest_major=2 oldest_minor=9
export HOME=${HOME:-~}
readonly private_dir="$HOME/.local/share/stair/deno"

usage() {
  cat <<'USAGE'
Usage: scripts/bootstrap.sh [--help] [--] [COMMAND ...]

Finds Deno 2.9 or newer and a Vulkan driver, installs whichever is missing, and then
runs COMMAND with that Deno first on PATH:

  scripts/bootstrap.sh deno task train    train on a fresh machine
  scripts/bootstrap.sh deno task ok       format, lint, type check and tests

Without COMMAND it only prints what it found. Commands that change the machine are
printed after "+ " before they run; a second run changes nothing. Installing works on
Debian and Ubuntu; on other systems it says what to install.
USAGE
}

say() { printf '%s\n' "$*" >&2; }

fail() {
  say "bootstrap.sh: $*"
  exit 1
}

has() { command -v "$1" >/dev/null; }

# Runs a command that changes the machine, and prints it.
run() {
  say "+ $*"
  "$@" >&2
}

is_root() { [[ $(id -u) == 0 ]]; }

# sudo counts where it needs no password, or where a terminal is there to ask for it.
has_sudo() { has sudo && { sudo -n true 2>/dev/null || [[ -t 2 ]]; }; }

run_as_root() {
  if is_root; then run "$@"; else run sudo "$@"; fi
}

# Whether a directory can be written, or made in the nearest parent that exists.
can_write() {
  local path=$1
  until [[ -e $path ]]; do path=$(dirname "$path"); done
  [[ -d $path && -w $path ]]
}

# --- Deno -------------------------------------------------------------------------------

deno='' deno_version='' old_deno=''

# Takes $1 as the Deno to use if it runs and is new enough.
take_deno() {
  local text version
  text=$("$1" --version 2>/dev/null) || return 1
  read -r _ version _ <<<"$text"
  [[ $version =~ ^([0-9]+)\.([0-9]+)\. ]] || return 1
  local major=${BASH_REMATCH[1]} minor=${BASH_REMATCH[2]}
  if ((major < oldest_major || (major == oldest_major && minor < oldest_minor))); then
    old_deno=${old_deno:-"deno $version ($1)"}
    return 1
  fi
  deno=$1 deno_version=$version
}

find_deno() {
  local candidate
  while read -r candidate; do
    take_deno "$candidate" && return
  done < <(
    type -aP deno || true # none there must not end the list
    printf '%s\n' "$private_dir/node_modules/.bin/deno" "$private_dir/bin/deno" \
      "$HOME/.deno/bin/deno"
  )
  # npm's global prefix need not be on PATH. Asking npm is slow, so it comes last.
  local prefix
  has npm && prefix=$(npm prefix --global 2>/dev/null) && take_deno "$prefix/bin/deno"
}

install_deno_privately() { run npm install --prefix "$private_dir" "deno@$pinned_deno"; }

install_deno_with_npm() {
  local prefix
  prefix=$(npm prefix --global 2>/dev/null) || fail "npm is installed but does not run"
  if [[ -n $old_deno ]]; then
    install_deno_privately # a global install would overwrite the old one
  elif can_write "$prefix/lib/node_modules" && can_write "$prefix/bin"; then
    run npm install --global "deno@$pinned_deno"
  elif has_sudo; then
    run sudo npm install --global "deno@$pinned_deno"
  else
    install_deno_privately
  fi
}

install_deno_with_curl() {
  say "+ curl -fsSL https://deno.land/install.sh |" \
    "env CI=1 DENO_INSTALL=$private_dir sh -s v$pinned_deno"
  # CI=1 keeps the installer from asking about shell start-up files.
  curl -fsSL https://deno.land/install.sh |
    env CI=1 DENO_INSTALL="$private_dir" sh -s "v$pinned_deno" >&2
}

install_deno() {
  [[ -z $old_deno ]] ||
    say "$old_deno is older than $oldest_major.$oldest_minor: installing $pinned_deno beside it"
  if has npm; then
    install_deno_with_npm || fail "npm could not install deno@$pinned_deno"
  else
    install_deno_with_curl || fail "the installer of deno.land could not install Deno $pinned_deno"
  fi
  find_deno || fail "Deno $pinned_deno was installed but does not run"
}

# --- Vulkan -----------------------------------------------------------------------------

has_loader='' drivers=''

# A driver is usable when the loader library and at least one driver manifest are there.
find_vulkan() {
  # ldconfig lives in /sbin, which is often not on a user's PATH.
  case $(PATH="$PATH:/usr/sbin:/sbin" ldconfig -p 2>/dev/null) in
    *libvulkan.so.1*) has_loader=yes ;;
  esac
  local places=() folders named folder
  local data_dirs="${XDG_DATA_HOME:-$HOME/.local/share}:${XDG_DATA_DIRS:-}"
  IFS=: read -r -a folders <<<"$data_dirs:/usr/local/share:/usr/share:/etc"
  for folder in "${folders[@]}"; do places+=("$folder/vulkan/icd.d"); done
  IFS=: read -r -a named <<<"${VK_DRIVER_FILES:-}:${VK_ICD_FILENAMES:-}:"
  places+=("${named[@]}")
  # find complains about the places that do not exist; most do not.
  drivers=$(find -L "${places[@]}" -maxdepth 1 -name '*.json' 2>/dev/null || true)
  [[ -n $has_loader && -n $drivers ]]
}

driver_names() {
  sed 's|.*/||; s|\.json$||' <<<"$drivers" | sort -u | paste -s -d ' ' -
}

# --- Systems ----------------------------------------------------------------------------

install_packages() {
  is_root || has_sudo ||
    fail "root is needed: run as root \"apt-get update &&" \
      "apt-get install -y --no-install-recommends $*\" and then this script again"
  run_as_root apt-get update || fail "apt-get update failed"
  run_as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y --no-install-recommends "$@" || fail "apt-get could not install $*"
}

set_up_debian() {
  local packages=()
  if ! find_vulkan; then
    [[ -n $drivers ]] || packages+=(mesa-vulkan-drivers)
    packages+=(libvulkan1)
  fi
  if ! find_deno && ! has npm; then
    has curl || packages+=(curl ca-certificates)
    has unzip || packages+=(unzip)
  fi
  ((${#packages[@]} == 0)) || install_packages "${packages[@]}"
  [[ -n $deno ]] || install_deno
  find_vulkan || fail "the Vulkan packages are installed but no loader and driver were found"
}

check_other_linux() {
  local missing=()
  find_deno || missing+=("Deno $pinned_deno (npm install --global deno@$pinned_deno)")
  find_vulkan || missing+=("a Vulkan loader and driver (Fedora: vulkan-loader mesa-vulkan-drivers;\
 Arch: vulkan-icd-loader vulkan-swrast)")
  ((${#missing[@]} == 0)) ||
    fail "there is no apt-get here: install ${missing[0]}${missing[1]:+ and ${missing[1]}}" \
      "and then run this again"
}

# $1: the system, $2: the graphics interface it has built in, $3: how to install Deno.
check_built_in() {
  find_deno || fail "$1 needs only Deno $oldest_major.$oldest_minor or newer" \
    "${old_deno:+(this is $old_deno) }since $2 is built in: run \"$3\" and then this script again"
  graphics="$2, built into $1"
}

set_up() {
  case $(uname -s) in
    Darwin) check_built_in macOS Metal "brew install deno" ;;
    MINGW* | MSYS* | CYGWIN*)
      check_built_in Windows "DirectX 12" "winget install DenoLand.Deno"
      ;;
    Linux)
      if has apt-get; then set_up_debian; else check_other_linux; fi
      graphics="Vulkan loader, drivers: $(driver_names)"
      ;;
    *) fail "$(uname -s) is not a system that Deno's WebGPU runs on" ;;
  esac
}

# --- Main -------------------------------------------------------------------------------

case ${1:-} in
  --help)
    usage
    exit
    ;;
  --) shift ;;
  -*) fail "unknown option $1 (see --help)" ;;
esac

graphics=''
set_up </dev/null # stdin is for COMMAND
say "deno $deno_version ($deno)"
say "$graphics"

path_line=''
if [[ $(type -P deno) != "$deno" ]]; then
  deno_folder=$(dirname "$deno")
  path_line="export PATH=\"$deno_folder:\$PATH\""
  PATH="$deno_folder:$PATH"
fi

if (($# == 0)); then
  [[ -z $path_line ]] || say "$path_line"
  exit
fi
has "$1" || fail "no command $1"
export PATH DENO_NO_UPDATE_CHECK=1
exec "$@"
