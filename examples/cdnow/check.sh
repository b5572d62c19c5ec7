#!/bin/sh
# Counts both segments from the raw file alone, in whole cents: check.sh CDNOW_sample.txt
set -eu
awk '
  { sub(/\r$/, ""); cents = $5; sub(/\./, "", cents); spent[$1] += cents; if ($3 >= 19980101) active[$1] = 1 }
  $5 !~ /^[0-9]+\.[0-9][0-9]$/ { print "line " NR " has no dollars and cents" > "/dev/stderr"; bad = 1; exit 1 }
  END {
    if (bad) exit 1
    for (c in spent) { if (spent[c] > 10000) over++; if (!(c in active)) inactive++ }
    print "spent-over-100," over + 0
    print "inactive-in-1998," inactive + 0
  }' "$1" | sort
