# Sourced by the scripts beside this folder.
# shellcheck shell=bash disable=SC2034

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
venv="$root/.venv"
# Servers to test against and lint results; shared by all checkouts.
cache="${REGEAR_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/regear}"

# Objects of one build folder or checkout serve the others too.
export CCACHE_BASEDIR="$root" CCACHE_NOHASHDIR=true CCACHE_SLOPPINESS=locale

# For pytest: most tests wait for servers more than they compute, so even two
# cores are busy with four of them.
in_parallel=(--numprocesses=4 --dist=worksteal)

# Integration tests of Python code and of other programs: another server or a
# sanitizer finds nothing more in them.
without_python_only=(
  --ignore=tests/integration/test_{check,client_libraries,examples}.py
  --ignore=tests/integration/test_functions_executions.py
  --ignore=tests/integration/test_{gears_cli,json_recipes,metrics}.py
  --ignore=tests/integration/test_{mongo_connector,readme,recipes,redis_connector}.py
  --ignore=tests/integration/test_{requirement_commands,requirements}.py
  --ignore=tests/integration/test_{script_errors,stream_registrations}.py
)

note() { printf '==> %s\n' "$*"; }

die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# Runs a command as root: directly, or through sudo.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "this needs root and sudo is not there: $*"
  fi
}

# Runs a command silently; shows what it printed only if it fails.
quietly() {
  local log status=0
  log="$(mktemp)"
  "$@" >"$log" 2>&1 </dev/null || status=$?
  if [ "$status" -ne 0 ]; then
    cat "$log" >&2
    printf 'error: this failed with status %s: %s\n' "$status" "$*" >&2
  fi
  rm -f "$log"
  return "$status"
}

# Moves folder $1, complete now, to $2, unless somebody else was faster.
publish() {
  mv -T "$1" "$2" 2>/dev/null || [ -d "$2" ]
}

# Prints the C++ files of this repository; to be called in its root.
cpp_files() {
  git ls-files --cached --others --exclude-standard '*.cc' '*.h'
}

# Prints the folder of a tree like the wheel's, with the binaries of preset $1.
# On PYTHONPATH it comes before the installed wheel, whose metadata and
# commands serve it.
make_stage() {
  local stage="$root/build/$1/stage"
  rm -rf "$stage"
  quietly cmake --install "$root/build/$1" --prefix "$stage" --component python
  cp -r "$root/python/." "$stage/"
  echo "$stage"
}
