#!/bin/sh
# Puts one of the three load stages into a folder: stage.sh DATA DIR 1|2|3
# 1 is the customers, 2 adds the watchlist, 3 the reference records. A file that is not due yet has its header only.
set -eu
data=$1 dir=$2 stage=$3
mkdir -p "$dir"
place() {
  if [ "$stage" -ge "$2" ]; then cp "$data/$1" "$dir/$1.new"; else head -n 1 "$data/$1" > "$dir/$1.new"; fi
  chmod u+w "$dir/$1.new"
  if cmp -s "$dir/$1.new" "$dir/$1"; then rm "$dir/$1.new"; else mv -f "$dir/$1.new" "$dir/$1"; fi
}
place customers.csv 1
place watchlist.csv 2
place reference.csv 3
