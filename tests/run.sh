#!/bin/bash
# Runs every test on a bare Debian or Ubuntu with the .NET 10 SDK and root or sudo:
# installs what is missing, starts every server itself on free ports, leaves nothing running.
#   tests/run.sh [--all] [--filter WORD]
# --all runs what repeats a fact too, on the other pair of stores or many more times; --filter runs the tests whose full name contains WORD.
# With IDP_REPORTS=DIR each test program leaves DIR/NAME.xml there: every test's result and time.
# The end repeats each failed test and lists the ten slowest classes; the last line is "N passed, N failed, N skipped"; the exit code is not 0 when anything failed.
set -uo pipefail
cd "$(dirname "$0")/.."

filter=""
while [ $# -gt 0 ]; do
  case "$1" in
    --all) export IDP_TESTS=all ;;
    --filter) filter="${2:?--filter needs a word}"; shift ;;
    -h|--help) sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "unknown option $1; see --help" >&2; exit 2 ;;
  esac
  shift
done

sudo=""
[ "$(id -u)" = 0 ] || sudo=sudo
export HOME="${HOME:-/tmp}" DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1
scratch="$(mktemp -d -t idp-tests-XXXXXX)"
chmod 755 "$scratch"
export TMPDIR="$scratch"

# Every process below inherits the mark, whatever session or user it moves to; the sweep finds it by that.
leave_nothing() {
  trap - EXIT INT TERM
  for signal in TERM KILL; do
    for environ in /proc/[0-9]*/environ; do
      pid="${environ//[!0-9]/}"
      if [ "$pid" != $$ ] && $sudo grep -qzx "IDP_TEST_RUN=$mark" "$environ" 2>/dev/null; then
        $sudo kill -s "$signal" "$pid" 2>/dev/null && left=1
      fi
    done
    [ "${left:-0}" = 1 ] && sleep 1
  done
  $sudo rm -rf "$scratch"
}
mark="$$-$(date +%s%N)"
trap leave_nothing EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

has() { command -v "$1" >/dev/null 2>&1; }

install_missing() {
  local wanted=() services=()
  ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || { wanted+=(postgresql); services+=(postgresql); }
  has redis-server || { wanted+=(redis-server); services+=(redis-server); }
  [ -x /usr/sbin/apache2 ] || { wanted+=(apache2); services+=(apache2); }
  [ -e /usr/lib/apache2/modules/mod_auth_openidc.so ] || wanted+=(libapache2-mod-auth-openidc)
  [ -x /usr/sbin/postfix ] || { wanted+=(postfix); services+=(postfix); }
  [ -x /usr/lib/dovecot/imap ] || { wanted+=(dovecot-imapd); services+=(dovecot); }
  # The shell without windows takes half the processor time; where a distribution has none, Chromium itself does.
  has chromium-headless-shell || [ -x "${IDP_CHROMIUM:-/nowhere}" ] || wanted+=(chromium-headless-shell)
  ls /usr/share/fonts/opentype/noto/NotoSansCJK* >/dev/null 2>&1 || wanted+=(fonts-noto-cjk)
  has openssl || wanted+=(openssl)
  has node || wanted+=(nodejs)
  has npm || wanted+=(npm)
  [ ${#wanted[@]} = 0 ] && return 0

  echo "installing: ${wanted[*]}"
  # The packages' own services must neither start now nor at the next boot: the tests start servers of their own.
  local policy=/usr/sbin/policy-rc.d ours=""
  if [ ! -e "$policy" ]; then
    ours=yes
    printf '#!/bin/sh\nexit 101\n' | $sudo tee "$policy" >/dev/null && $sudo chmod 755 "$policy"
  fi
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get update -qq &&
    { apt-cache show chromium-headless-shell >/dev/null 2>&1 || wanted=("${wanted[@]/#chromium-headless-shell/chromium}"); } &&
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${wanted[@]}" >"$scratch/apt.log" 2>&1
  local result=$?
  [ -n "$ours" ] && $sudo rm -f "$policy"
  for service in "${services[@]}"; do
    $sudo update-rc.d "$service" disable >/dev/null 2>&1
    [ -d /run/systemd/system ] && $sudo systemctl disable --now "$service" >/dev/null 2>&1
  done
  [ $result = 0 ] || { cat "$scratch/apt.log" >&2; echo "installing failed" >&2; return 1; }
}

passed=0 failed=0 skipped=0
finish() {
  if [ "$failed" != 0 ]; then
    echo "== what failed"
    # A report ends here with its stack; the whole of it stands above.
    grep -h -A 12 '\[FAIL\]$' "$scratch"/*.log 2>/dev/null | cut -c1-400
  fi
  echo "$passed passed, $failed failed, $skipped skipped"
  [ "$failed" = 0 ] && exit 0
  exit 1
}
give_up() { echo "$1" >&2; failed=$((failed + 1)); finish; }

install_missing || give_up "The tests need these packages."
export IDP_TEST_RUN="$mark"
(cd tests/IdP.Journeys/node && npm ci --no-audit --no-fund --silent) || give_up "npm ci failed."
dotnet build IdP.sln -c Release -v quiet || give_up "The build failed."

reports="${IDP_REPORTS:-$scratch/reports}"
mkdir -p "$reports"

# Kills and command line run the server as it is deployed: compiled ahead, it starts in a third of the time.
publish_server() {
  local rid="linux-x64"
  [ "$(uname -m)" = aarch64 ] && rid="linux-arm64"
  dotnet publish src/IdP.Server -c Release -r "$rid" -o "$scratch/server" -v quiet -p:RunAnalyzers=false &&
    export IDP_TESTS_SERVER="$scratch/server/idp"
}
publish_server || give_up "The server could not be published."

faults="IdP.Server.Tests.Faults"

# Usage: run NAME PROJECT ARGUMENT...: one test program; what it printed is in NAME.log, its results in NAME.xml.
run() {
  local name="$1" project="$2"
  shift 2
  local arguments=(-noLogo -noColor -longRunning 120 -xml "$reports/$name.xml" "$@")
  [ "${IDP_TESTS:-}" = all ] || arguments+=(-trait- Run=all)
  [ -n "$filter" ] && arguments+=(-method "*$filter*")
  # A server that was killed has to be back within ten seconds: those tests go first.
  nice -n "$([ "$name" = "$faults" ] && echo 0 || echo 5)" "tests/$project/bin/Release/net10.0/$project" "${arguments[@]}" >"$scratch/$name.log" 2>&1
  echo $? >"$scratch/$name.code"
}

# Adds up what a test program said of itself, and shows what it printed.
count() {
  local name="$1" summary total bad errors not unrun code
  echo "== $name"
  cat "$scratch/$name.log"
  code="$(cat "$scratch/$name.code")"
  summary="$(grep -E '^ +[A-Za-z.]+ +Total: [0-9]+' "$scratch/$name.log" | tail -1)"
  number() { sed -nE "s/.*$1: ([0-9]+).*/\1/p" <<<"$summary"; }
  total="$(number Total)" bad="$(number Failed)" errors="$(number Errors)" not="$(number Skipped)" unrun="$(number 'Not Run')"
  if [ -z "$total" ]; then
    failed=$((failed + 1))
    return
  fi
  bad=$((bad + errors))
  # A runner that died after its summary, or says failure without one, is a failure too.
  [ "$code" != 0 ] && [ "$bad" = 0 ] && [ "$total" != 0 ] && bad=1
  failed=$((failed + bad))
  skipped=$((skipped + not))
  passed=$((passed + total - bad - not - ${unrun:-0}))
}

# Most of the server's tests wait rather than compute: its kills run beside them. Browsers compute, and come after.
run IdP.Protocol.Tests IdP.Protocol.Tests
count IdP.Protocol.Tests
echo "running IdP.Server.Tests and $faults ..."
run IdP.Server.Tests IdP.Server.Tests -maxThreads 4 -namespace- "$faults" &
run "$faults" IdP.Server.Tests -maxThreads 2 -namespace "$faults" &
wait
count IdP.Server.Tests
count "$faults"
echo "running IdP.Journeys ..."
# The benchmark only shows here that each row runs: its figures would mean nothing anyway.
if [ -z "$filter" ]; then
  smoke="$scratch/IdP.Benchmarks.txt"
  (nice -n 10 tests/IdP.Benchmarks/bin/Release/net10.0/IdP.Benchmarks --smoke >"$smoke" 2>&1; echo $? >"$scratch/smoke.code") &
fi
run IdP.Journeys IdP.Journeys -maxThreads 3 -preEnumerateTheories
wait
count IdP.Journeys

if [ -z "$filter" ]; then
  echo "== IdP.Benchmarks --smoke"
  cat "$smoke"
  if [ "$(cat "$scratch/smoke.code")" = 0 ]; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
fi

echo "== the slowest test classes, seconds"
grep -ho '<test [^>]*>' "$reports"/*.xml | sed -nE 's/.* time="([^"]*)".* type="([^"]*)".*/\2 \1/p' |
  awk '{ seconds[$1] += $2; tests[$1]++ } END { for (name in seconds) printf "%8.1f %5d %s\n", seconds[name], tests[name], name }' | sort -rn | head -10

finish
