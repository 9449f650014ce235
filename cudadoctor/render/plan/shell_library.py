"""The functions that a script of a plan uses, in POSIX sh; only those that it calls are put into it."""

from __future__ import annotations

from collections.abc import Iterable

_FUNCTIONS = {
    "say": """
say() {
  printf '%s\\n' "$1"
}
""",
    # Exit status 1 unless said otherwise; the trap adds nothing to what is said here.
    "stop": """
stop() {
  current=''
  printf '%s\\n' "$1" >&2
  exit "${2:-1}"
}
""",
    "ended": """
ended() {
  status=$?
  trap - EXIT
  if [ "${status}" -ne 0 ] && [ -n "${current}" ]; then
    printf '%s\\n' "${current} did not end well (exit status ${status}): what is printed above says why." >&2
    printf '%s\\n' 'Run this script again to go on from there.' >&2
    case "${status}" in
      130 | 143) ;;
      *) status=1 ;;
    esac
  fi
  exit "${status}"
}
""",
    "did_not": """
did_not() {
  stop "${current} ran without an error, but had no effect. Run this script again."
}
""",
    "begin": """
begin() {
  current="Step $1 of ${steps} ($2)"
  printf '%s\\n' "[$1/${steps}] $2"
}
""",
    "already": """
already() {
  printf '%s\\n' '      done already'
}
""",
    "as_me": """
as_me() {
  "$@"
}
""",
    "as_root": """
as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  else
    sudo -- "$@"
  fi
}
""",
    "program_holds": """
# Whether a program ends well.
program_holds() {
  "$@" >/dev/null 2>&1 </dev/null
}
""",
    "prints": """
# Whether a program ends well and prints $1, white space at the ends aside.
prints() {
  wanted=$1
  shift
  printed=$("$@" 2>/dev/null </dev/null) || return 1
  blank=$(printf '\\t\\n\\r')
  printed=${printed#"${printed%%[! "${blank}"]*}"}
  printed=${printed%"${printed##*[! "${blank}"]}"}
  [ "${printed}" = "${wanted}" ]
}
""",
    "has_hash": """
# has_hash sha256|md5 DIGEST FILE
has_hash() {
  [ -f "$3" ] || return 1
  found=$("$1sum" 2>/dev/null <"$3") || return 1
  [ "${found%% *}" = "$2" ]
}
""",
    "holds_text": """
# holds_text as_me|as_root FILE FUNCTION: whether the file holds what the function prints.
holds_text() {
  if [ -f "$2" ] && [ -r "$2" ]; then
    "$3" | cmp -s - "$2"
  elif "$1" test -f "$2"; then
    "$3" | "$1" cmp -s - "$2"
  else
    return 1
  fi
}
""",
    "real_path": """
# A link stays a link: what it leads to is written.
real_path() {
  real=$1
  if [ -L "$1" ]; then
    real=$(readlink -f "$1")
  fi
}
""",
    "keep": """
# keep as_me|as_root NAME FILE: the file as it is before this script changes it, once.
keep() {
  if "$1" test -f "$3" && [ ! -e "${state}/before.$2" ]; then
    "$1" cat "$3" >"${state}/before.$2.part"
    mv -f "${state}/before.$2.part" "${state}/before.$2"
  fi
}
""",
    "unchanged": """
# unchanged as_me|as_root FILE DIGEST: the file is still what the script was made from; an empty DIGEST: not there.
unchanged() {
  if [ -z "$3" ]; then
    "$1" test ! -e "$2" && return 0
  elif "$1" test -f "$2"; then
    found=$("$1" cat "$2" | sha256sum)
    [ "${found%% *}" = "$3" ] && return 0
  fi
  stop "${shown} was changed since this script was made: nothing was written to it; make the script anew."
}
""",
    "write_file": """
# write_file as_me|as_root FILE FUNCTION: the old file or the new one at any moment, with its owner and mode.
write_file() {
  new="$2.cudadoctor-new"
  "$1" rm -f "${new}"
  if "$1" test -e "$2"; then
    "$1" cp -p "$2" "${new}"
  fi
  "$3" | "$1" tee "${new}" >/dev/null
  "$3" | "$1" cmp -s - "${new}" || stop "${shown} could not be written: is the disk full?"
  "$1" mv -f "${new}" "$2"
}
""",
    "fresh": """
# fresh as_me|as_root NAME PATH: what a try of this script left half-made goes before the next one, mounts in it not.
# What was there before the first try has no mark, and stays.
fresh() {
  if [ -e "${state}/making.$2" ]; then
    printf '%s\\n' '      removes what a try that was broken off left'
    case "$(rm --help 2>&1)" in
      *--one-file-system*) "$1" rm -rf --one-file-system "$3" ;;
      *) "$1" rm -rf "$3" ;;
    esac
  elif "$1" test ! -e "$3" && "$1" test ! -L "$3"; then
    : >"${state}/making.$2"
  fi
}
""",
    "untaken": """
# untaken as_me|as_root NAME PATH: something else that lies where the step makes something is never put at risk.
untaken() {
  [ ! -e "${state}/making.$2" ] || return 0
  "$1" test -e "$3" || "$1" test -L "$3" || return 0
  if "$1" test -L "$3" || [ -n "$("$1" ls -A "$3")" ]; then
    stop "${shown} is there already and is not what this step makes: move it away, then run this script again."
  fi
}
""",
    "made": """
made() {
  rm -f "${state}/making.$1"
}
""",
    "download": """
# download as_me|as_root URL FILE DIGEST: over https only, also after a redirection; goes on where one broke off.
download() {
  if command -v curl >/dev/null 2>&1; then
    "$1" curl --proto '=https' --tlsv1.2 -fL -g -C - -o "$3" --url "$2" </dev/null && return 0
    status=$?
    case "${status}" in
      22 | 33 | 36) # there is nothing to go on with, or the server cannot
        "$1" rm -f "$3"
        "$1" curl --proto '=https' --tlsv1.2 -fL -g -o "$3" --url "$2" </dev/null && return 0
        status=$?
        ;;
      *) ;;
    esac
    stop "${shown}: could not be downloaded (curl ended with ${status}). Run this script again to go on."
  elif [ -n "$4" ] && command -v wget >/dev/null 2>&1; then # without a digest wget might follow to http
    "$1" wget -c -O "$3" "$2" </dev/null ||
      stop "${shown}: could not be downloaded. Run this script again to go on."
  else
    stop 'There is no curl to download with: install it, then run this script again.' 2
  fi
}
""",
    "accept": """
# accept as_me|as_root FILE ALGORITHM DIGEST: it appears under its name only when it is whole and right.
accept() {
  if [ -n "$4" ] && ! has_hash "$3" "$4" "${part}"; then
    "$1" rm -f "${part}"
    stop "${shown}: what came has another $3 than was published, and was deleted. Run this script again."
  fi
  "$1" mv -f "${part}" "$2"
}
""",
    "fetch": """
# fetch as_me|as_root FILE ALGORITHM DIGEST URL
fetch() {
  part="$2.cudadoctor-part"
  "$1" mkdir -p "${2%/*}/"
  # Whole already, and broken off before it got its name: asked for more, the server would refuse.
  if [ -z "$4" ] || ! has_hash "$3" "$4" "${part}"; then
    download "$1" "$5" "${part}" "$4"
  fi
  accept "$1" "$2" "$3" "$4"
}
""",
    "copy": """
# copy as_me|as_root FILE ALGORITHM DIGEST FROM
copy() {
  part="$2.cudadoctor-part"
  "$1" mkdir -p "${2%/*}/"
  "$1" cp "$5" "${part}"
  accept "$1" "$2" "$3" "$4"
}
""",
    "boot": """
boot() {
  cat /proc/sys/kernel/random/boot_id 2>/dev/null || printf '%s\\n' unknown
}
""",
    "taken_as_done": """
# taken_as_done NAME reboot|person: what a person has to do, and nothing can be seen of it, is told once and then
# taken as done. A reboot shows in the kernel.
taken_as_done() {
  now=$(boot)
  if [ -e "${state}/told.$1" ]; then
    before=$(cat "${state}/told.$1")
    if [ "$2" = person ] || [ "${before}" != "${now}" ]; then
      say '      taken as done: it was asked for in an earlier run'
      return 0
    fi
  fi
  printf '%s\n' "${now}" >"${state}/told.$1"
  return 1
}
""",
    "rebooted": """
# rebooted NUMBER: whether the machine was started anew since this script did that step.
rebooted() {
  [ -e "${state}/boot.$1" ] || return 0
  now=$(boot)
  before=$(cat "${state}/boot.$1")
  [ "${before}" != "${now}" ]
}
""",
    "wait_on": """
wait_on() {
  waiting="${waiting} $1 "
}
""",
    "waits": """
# waits NUMBER...: whether one of these steps is still to be done.
waits() {
  for one in "$@"; do
    case "${waiting}" in
      *" ${one} "*)
        printf '%s\n' "      waits for step ${one}"
        put_off=$((put_off + 1))
        return 0
        ;;
      *) ;;
    esac
  done
  return 1
}
""",
}
_NEEDS = {
    "did_not": ("stop",),
    "unchanged": ("stop",),
    "untaken": ("stop",),
    "write_file": ("stop",),
    "download": ("stop",),
    "accept": ("stop", "has_hash"),
    "fetch": ("stop", "has_hash", "download", "accept"),
    "copy": ("stop", "has_hash", "accept"),
    "taken_as_done": ("boot", "say"),
    "rebooted": ("boot",),
}
NAMES = frozenset(_FUNCTIONS)


def functions(body: Iterable[str]) -> list[str]:
    """The functions that these lines call, with those that they call, in the order of the library."""
    wanted = {"stop", "ended"}
    for line in body:
        if not line.startswith("#"):
            wanted.update(NAMES.intersection(line.replace(";", " ").split()))
    for name in tuple(wanted):
        wanted.update(_NEEDS.get(name, ()))
    return [text.strip() for name, text in _FUNCTIONS.items() if name in wanted]
