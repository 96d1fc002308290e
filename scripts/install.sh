#!/bin/sh
# Installs caskd from a clone in which `npm ci` has run:
#
#   sudo scripts/install.sh [--node PATH]
#
# Run again, it upgrades. The configuration in /etc/caskd and the data in /var/lib/caskd are
# never overwritten. scripts/uninstall.sh takes everything away again but those two and backups.
#
#   --node PATH   use this Node (24 or newer) instead of a copy of the one that npm ci brought
#   PREFIX        where programs, units and pages go: /usr/local (the default) or /usr
#   DESTDIR       put before every path, to fill the folder of a package; nothing is started then
set -eu
umask 022

PREFIX=${PREFIX:-/usr/local}
DESTDIR=${DESTDIR:-}
clone=$(cd "$(dirname "$0")/.." && pwd)
node_of_user=

fail() {
  echo "install.sh: $*" >&2
  exit 1
}

while [ $# -gt 0 ]; do
  case $1 in
    --node)
      [ $# -ge 2 ] || fail '--node needs a path'
      node_of_user=$2
      shift 2
      ;;
    *) fail "\"$1\" is not an option; the head of this file lists them" ;;
  esac
done

# --- the Node that this script runs on, and the one that will run caskd --------------------------

is_new_enough() {
  "$1" -e 'process.exit(parseInt(process.versions.node) >= 24 ? 0 : 1)' 2>/dev/null
}

node=$clone/node_modules/.bin/node
is_new_enough "$node" || node=$(command -v node || true)
{ [ -n "$node" ] && is_new_enough "$node"; } || fail 'run npm ci in the clone first'
if [ -n "$node_of_user" ]; then
  is_new_enough "$node_of_user" || fail "$node_of_user is not a Node of version 24 or newer"
  bundle=
  runs_on=$node_of_user
else
  bundle=--bundle-node
  runs_on=$PREFIX/lib/caskd/node/bin/node
fi

# --- files ----------------------------------------------------------------------------------------

lib=$PREFIX/lib/caskd
new=$DESTDIR$lib.new
rm -rf "$new"
mkdir -p "$new"
trap 'rm -rf "$new"' EXIT
"$node" "$clone/scripts/packaging/stage-program.ts" "$new" $bundle
install -m 0755 "$clone/scripts/uninstall.sh" "$new/uninstall.sh"
# whatever the modes in the clone are
chmod -R u+w,a+rX,go-w "$new"
: >"$new/installed-files"

# put MODE SOURCE TARGET: a file outside of the program's own folder
put() {
  install -D -m "$1" "$2" "$DESTDIR$3"
  echo "$3" >>"$new/installed-files"
}

# put_text MODE TARGET: the same, of what stands on standard input
put_text() {
  cat >"$new/text"
  put "$1" "$new/text" "$2"
  rm "$new/text"
}

for program in caskd caskctl; do
  printf '#!/bin/sh\nexec %s %s/bin/%s.js "$@"\n' "$runs_on" "$lib" "$program" |
    put_text 0755 "$PREFIX/bin/$program"
done
for unit in "$clone"/scripts/systemd/*.service "$clone"/scripts/systemd/*.socket \
  "$clone"/scripts/systemd/*.timer; do
  sed "s|/usr/bin/|$PREFIX/bin/|" "$unit" |
    put_text 0644 "$PREFIX/lib/systemd/system/$(basename "$unit")"
done
put 0644 "$clone/scripts/systemd/sysusers.d/caskd.conf" "$PREFIX/lib/sysusers.d/caskd.conf"
put 0644 "$clone/scripts/systemd/tmpfiles.d/caskd.conf" "$PREFIX/lib/tmpfiles.d/caskd.conf"
# pages and completion scripts, each where its reader looks
share=$new/share
"$node" "$clone/scripts/packaging/package-documents.ts" "$share"
gzip -9n "$share"/man/*/*
(cd "$share" && find . -type f | sed 's|^\./||' | LC_ALL=C sort) >"$new/documents"
while read -r document; do
  put 0644 "$share/$document" "$PREFIX/share/$document"
done <"$new/documents"
rm -r "$share" "$new/documents"
for page in README.md CHANGELOG.md LICENSE; do
  put 0644 "$clone/$page" "$PREFIX/share/doc/caskd/$page"
done

# what the version before had put there, and this one has not
if [ -e "$DESTDIR$lib/installed-files" ]; then
  while read -r file; do
    grep -qxF "$file" "$new/installed-files" || rm -f "$DESTDIR$file"
  done <"$DESTDIR$lib/installed-files"
fi
rm -rf "$DESTDIR$lib"
mv "$new" "$DESTDIR$lib"

configuration=$DESTDIR/etc/caskd/caskd.toml
if [ ! -e "$configuration" ]; then
  install -D -m 0640 "$clone/scripts/systemd/caskd.toml" "$configuration"
fi

# --- user, directories, units ---------------------------------------------------------------------

[ -z "$DESTDIR" ] || exit 0
if command -v systemd-sysusers >/dev/null && command -v systemd-tmpfiles >/dev/null; then
  systemd-sysusers "$PREFIX/lib/sysusers.d/caskd.conf"
  systemd-tmpfiles --create "$PREFIX/lib/tmpfiles.d/caskd.conf"
else
  echo 'There is no systemd here: create the user caskd, and give it /var/lib/caskd.'
fi
if [ -d /run/systemd/system ]; then
  systemctl daemon-reload
  echo 'Installed. To start caskd now and at every boot: systemctl enable --now caskd'
  echo 'If it runs already: systemctl restart caskd'
else
  echo "Installed. To start caskd: $PREFIX/bin/caskd --config /etc/caskd/caskd.toml"
fi
