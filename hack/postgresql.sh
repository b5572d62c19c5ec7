#!/usr/bin/env bash
# Makes sure that a PostgreSQL server is there for the tests, which start and stop private ones of their own. It installs Debian's
# package where there is none.
set -euo pipefail
have() { compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null; }
if have; then
  exit
fi
if ! command -v apt-get >/dev/null; then
  echo "The tests need a PostgreSQL server (initdb and postgres), and this is no Debian to install it on: install it and try again." >&2
  exit 1
fi
if [ "$(id -u)" != 0 ]; then
  echo "The tests need a PostgreSQL server. Install it, as root: apt-get install postgresql" >&2
  exit 1
fi
echo "installing Debian's postgresql ..." >&2
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends postgresql >/dev/null
have || {
  echo "The package postgresql is installed, but there is no initdb in /usr/lib/postgresql." >&2
  exit 1
}
