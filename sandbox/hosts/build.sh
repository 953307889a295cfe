#!/bin/sh
# build.sh PROGRAM TARGET SUITE INSTALLED OFFERED: makes the image of a host: TARGET/root, and beside it TARGET/packages, a
# flat apt repository of what the roles install. INSTALLED and OFFERED are lists of packages with commas.
set -eu
program=$1 target=$2 suite=$3 installed=$4 offered=$5
export DEBIAN_FRONTEND=noninteractive
umask 022
mkdir -p "$target/packages"

# Downloaded by the apt of this machine, which knows how to reach Debian; indexed by the dpkg of the image.
fetch='APT_CONFIG="$MMDEBSTRAP_APT_CONFIG" apt-get --yes --no-install-recommends --download-only install'
index='cd /var/cache/apt/archives && for deb in *.deb; do dpkg-deb --field "$deb"; printf "Filename: ./%s\nSize: %s\nSHA256: %s\n\n" "$deb" "$(stat -c %s "$deb")" "$(sha256sum "$deb" | cut -d" " -f1)"; done > Packages'

mmdebstrap --quiet --variant=minbase --aptopt='Acquire::Languages "none"' --include="$installed" \
  --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
  --customize-hook="rm -f \"\$1\"/var/cache/apt/archives/*.deb; $fetch $(echo "$offered" | tr , ' ')" \
  --customize-hook="chroot \"\$1\" sh -c '$index'" \
  --customize-hook="mv \"\$1\"/var/cache/apt/archives/*.deb \"\$1\"/var/cache/apt/archives/Packages '$target/packages/'" \
  "$suite" "$target/root"

cd "$target/packages"
printf 'Origin: Debian\nLabel: platform sandbox\nSuite: %s\nDate: %s\nSHA256:\n %s %s Packages\n' "$suite" "$(LC_ALL=C date -u '+%a, %d %b %Y %H:%M:%S UTC')" \
  "$(sha256sum Packages | cut -d' ' -f1)" "$(stat -c %s Packages)" > Release

cd "$target/root"
cp -R "$program/image/." .
chmod 755 usr/bin/cloud-init
rm -rf etc/apt/sources.list etc/apt/sources.list.d/* etc/hostname etc/resolv.conf etc/ssh/ssh_host_* etc/machine-id var/lib/apt/lists/*
units=etc/systemd/system
mkdir -p "$units/multi-user.target.wants" etc/ssh var/lib/cloud/seed
for unit in cloud-init cloud-final; do ln -sf "../$unit.service" "$units/multi-user.target.wants/$unit.service"; done
# No terminal, no package manager at work beside the roles, and no service manager of its own for each login.
for unit in user@.service user-runtime-dir@.service console-getty.service getty@.service apt-daily.timer apt-daily-upgrade.timer systemd-modules-load.service; do
  ln -sf /dev/null "$units/$unit"
done
