#!/usr/bin/env bash
# The retail example from nothing: hack/demo.sh 1 for day one, 2 for the day after. Everything it makes is in .demo/.
set -euo pipefail
cd "$(dirname "$0")/.."
day=$1 dir=.demo
now=2026-11-02T00:00:00Z
[ "$day" = 1 ] || now=2026-11-03T00:00:00Z
say() { printf '\n== %s\n' "$*"; }

if [ "$day" = 2 ] && [ ! -d $dir/lake ]; then
  echo "Day two needs day one: run make demo first." >&2
  exit 64
fi
mkdir -p $dir/out $dir/secrets/esp $dir/bin
[ -f $dir/secrets/esp/token ] || printf demo-token > $dir/secrets/esp/token
go build -o $dir/bin/ ./hack/datagen ./hack/receiver

if [ ! -f $dir/data/day-$day ]; then
  say "Generating day $day of the retailer's data"
  $dir/bin/datagen -out $dir/data -day "$day"
  touch $dir/data/day-"$day"
fi

# The e-mail provider, for as long as this script runs. What it took stays in .demo/receiver.
$dir/bin/receiver -out $dir/receiver -token "$(cat $dir/secrets/esp/token)" > $dir/receiver.log 2>&1 &
receiver=$!
trap 'kill $receiver 2>/dev/null || true; wait $receiver 2>/dev/null || true' EXIT
for _ in $(seq 100); do grep -q listening $dir/receiver.log && break; kill -0 $receiver 2>/dev/null || { cat $dir/receiver.log >&2; exit 1; }; sleep 0.1; done

say "kith run, as of $now"
bin/kith run -f examples/retail --lake $dir/lake --volume retail-data=$dir/data --volume retail-out=$dir/out \
  --secrets $dir/secrets --now $now

say "The story in numbers"
bin/kith query --lake $dir/lake "
  SELECT 'customers' AS what, count(*) AS people FROM customers.profiles WHERE class = 'marketing-email' AND known
  UNION ALL SELECT segment, count(*) FROM customers.segment_members WHERE purpose = 'marketing-email' AND segment <> 'one-time-buyers' GROUP BY segment
  UNION ALL SELECT 'of these, ' || reason, count(*) FROM activation.\"early-access-email\" WHERE outcome <> 'Removed' GROUP BY reason
  ORDER BY people DESC"

say "Where it is"
cat <<EOF
 the lake            $dir/lake            bin/kith query --lake $dir/lake "SELECT * FROM kith.runs"
 the report          $dir/lake/report.html
 the e-mail provider $dir/receiver/requests.ndjson
 the stores' list    $dir/out/priority/store-priority.csv
 the truth           $dir/data/truth      what the generator knows, for comparison
EOF
[ "$day" = 2 ] || echo " Run make demo again: nothing changes. Run make demo-day-two: only the difference is delivered."
