#!/bin/sh
# Takes away what scripts/install.sh has put there, and stops the daemon before. The configuration
# in /etc/caskd, the data in /var/lib/caskd, backups and the user caskd stay. PREFIX and DESTDIR as
# there.
set -eu

PREFIX=${PREFIX:-/usr/local}
DESTDIR=${DESTDIR:-}
lib=$PREFIX/lib/caskd
list=$DESTDIR$lib/installed-files

if [ ! -e "$list" ]; then
  echo "uninstall.sh: caskd is not installed in $DESTDIR$PREFIX"
  exit 0
fi
if [ -z "$DESTDIR" ] && [ -d /run/systemd/system ]; then
  for unit in caskd-backup.timer caskd.socket caskd.service; do
    systemctl disable --now "$unit" 2>/dev/null || true
  done
fi
while read -r file; do
  rm -f "$DESTDIR$file"
done <"$list"
rm -rf "$DESTDIR$lib" "$DESTDIR$lib.new"
rmdir "$DESTDIR$PREFIX/share/doc/caskd" 2>/dev/null || true
if [ -z "$DESTDIR" ] && [ -d /run/systemd/system ]; then
  systemctl daemon-reload
fi
echo 'Uninstalled. What is yours stays:'
echo "  $DESTDIR/etc/caskd $DESTDIR/var/lib/caskd $DESTDIR/var/backups/caskd, the user caskd"
