#!/usr/bin/env bash
# Installs what is missing, checks the types, runs the tests and the size budget; ends with "N passed, N failed".
set -uo pipefail
cd "$(dirname "$0")" || exit 2
command -v npm >/dev/null || { echo "Node 20 with npm is needed: https://nodejs.org" >&2; echo "0 passed, 1 failed"; exit 1; }

# The platform's page uses the client as built, so that ./demo needs nothing but the .NET SDK.
sample=../../samples/MigrationPlatform/wwwroot/js/freshet-client.js

passed=0 failed=0
check() {
    local name=$1 log
    shift
    log=$(mktemp)
    if "$@" >"$log" 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "$name failed:"
        cat "$log"
    fi
    rm -f "$log"
}

# npm writes this file last, so it is newer than the lock only when the installation is whole and of this lock.
if [ ! node_modules/.package-lock.json -nt package-lock.json ]; then
    npm ci --no-fund --no-audit --loglevel=error || { echo "0 passed, 1 failed"; exit 1; }
fi

check "types" npm run --silent types
check "build" npm run --silent build
check "size" npm run --silent size
check "the platform's copy (npm run publish:sample renews it)" cmp dist/freshet-client.js "$sample"

report=node_modules/.results.json
rm -f "$report"
npx vitest run --reporter=default --reporter=json --outputFile.json="$report" || true
# A run that crashed, or ran no test at all, wrote no count: that is a failure, not a silence. So is a test that was skipped.
read -r p f < <(node -e '
    const r = JSON.parse(require("fs").readFileSync(process.argv[1]));
    const broken = r.testResults.filter(file => file.status !== "passed" && !file.assertionResults.some(test => test.status === "failed")).length;
    if (!r.numTotalTests) throw new Error("no tests");
    console.log(r.numPassedTests, r.numTotalTests - r.numPassedTests + broken + (r.success || r.numFailedTests ? 0 : 1));
' "$report" 2>/dev/null) || { p=0; f=1; }
passed=$((passed + p)) failed=$((failed + f))
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
