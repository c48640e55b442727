#!/bin/sh
# Installs the Debian packages listed in the given files, those that are missing and no others.
# Asks dpkg first, so that it costs nothing when all is there.
set -eu

if ! command -v dpkg-query >/dev/null 2>&1; then
  echo "note: this is not a Debian system; install what $* list by hand" >&2
  exit 0
fi

wanted=$(sed -e 's/#.*//' "$@")
# shellcheck disable=SC2086  # one word for each package
present=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' $wanted 2>/dev/null | sed -n 's/^installed //p' || true)

missing=
for package in $wanted; do
  printf '%s\n' "$present" | grep -qxF "$package" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

echo "installing:$missing"
if [ "$(id -u)" -eq 0 ]; then
  as_root=
elif command -v sudo >/dev/null 2>&1; then
  as_root=sudo
else
  echo "error: these packages are missing and only root may install them; run as root: apt-get install$missing" >&2
  exit 1
fi

# shellcheck disable=SC2086
$as_root apt-get update -qq
# shellcheck disable=SC2086
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing
