#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# fetch.sh KERNEL: put the newest Debian cloud kernel of one series (6.1, 7.3)
# into the cache and print the directory that holds it: vmlinuz, release, and
# its virtio modules.  A cached kernel needs no network.  Exit 77 and a reason
# on stdout where it cannot be had.
#
# apt works here on lists, cache and sources of its own, below the cache
# directory; the host's apt is only read (for its mirrors and its proxy).
set -eu

skip() {
	echo "$*"
	exit 77
}

# The suites that carry a series, and what its packages are called there.
case ${1:-} in
5.10) suite=bullseye pattern='^linux-image-5\.10\.0-[0-9]+-cloud-amd64$' ;;
6.1) suite=bookworm pattern='^linux-image-6\.1\.0-[0-9]+-cloud-amd64$' ;;
6.12) suite=bookworm pattern='^linux-image-6\.12\.[0-9]+\+deb12-cloud-amd64$' ;;
6.1[6-9] | 7.[0-9])
	suite=trixie-backports
	pattern="^linux-image-$(echo "$1" | sed 's/\./\\./')\\.[0-9]+\\+deb13-cloud-amd64\$"
	;;
*) echo "usage: fetch.sh 5.10|6.1|6.12|6.16|...|7.3" >&2 && exit 2 ;;
esac

cache=${BUDDYSCOPE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/buddyscope}
dir=$cache/kernels/$1
if [ -f "$dir/release" ]; then
	echo "$dir"
	exit 0
fi

for tool in apt-get apt-cache dpkg-deb; do
	command -v $tool >/dev/null || skip "no $tool: Debian's kernels are fetched with apt"
done

# The mirror this host itself takes Debian from; mirror SUFFIX
mirror() {
	apt-get indextargets --format "\$(REPO_URI)" 2>/dev/null |
		grep -m 1 "/$1/\$" || echo "http://deb.debian.org/$1/"
}

apt=$cache/apt
log=$apt/log
mkdir -p "$apt/lists/partial" "$apt/archives/partial" "$cache/kernels"
: >"$apt/status"
{
	echo "deb [arch=amd64 KEY] $(mirror debian) $suite main"
	case $suite in
	*-backports) ;; # updates and all in one
	*)
		echo "deb [arch=amd64 KEY] $(mirror debian) $suite-updates main"
		echo "deb [arch=amd64 KEY] $(mirror debian-security) $suite-security main"
		;;
	esac
} >"$apt/sources.list"
key=/usr/share/keyrings/debian-archive-keyring.gpg
[ -f $key ] && key=signed-by=$key || key=
sed -i "s|KEY|$key|" "$apt/sources.list"

# Read after the host's configuration, so that none of its hooks runs.
cat >"$apt/apt.conf" <<END
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg;
Dir::Etc::sourcelist "$apt/sources.list";
Dir::Etc::sourceparts "-";
Dir::Etc::preferences "-";
Dir::Etc::preferencesparts "-";
Dir::State "$apt";
Dir::State::lists "$apt/lists";
Dir::State::status "$apt/status";
Dir::Cache "$apt";
Dir::Cache::archives "$apt/archives";
APT::Architecture "amd64";
APT::Architectures { "amd64"; };
APT::Sandbox::User "root";
Acquire::Languages "none";
APT::Update::Error-Mode "any";
Acquire::Retries "2";
Acquire::http::Timeout "60";
END

apt-get -c "$apt/apt.conf" -q update >"$log" 2>&1 ||
	skip "apt-get update failed: $(grep -m 1 '^[EW]:' "$log" || tail -n 1 "$log")"
package=$(apt-cache -c "$apt/apt.conf" pkgnames linux-image- | grep -E "$pattern" |
	sort -V | tail -n 1)
[ -n "$package" ] || skip "no package matches $pattern in $suite"
# From 6.19 on an image is several packages, of which the archive may keep only some.
parts=$(apt-cache -c "$apt/apt.conf" pkgnames linux- |
	grep -Fx -e "$package" -e "linux-binary-${package#linux-image-}" \
		-e "linux-modules-${package#linux-image-}")

new=$(mktemp -d "$cache/kernels/.$1.XXXXXX")
trap 'rm -rf "$new"' EXIT
# shellcheck disable=SC2086 # they are words
(cd "$new" && apt-get -c "$apt/apt.conf" -q download $parts) >"$log" 2>&1 ||
	skip "apt-get download $package failed: $(grep -m 1 '^[EW]:' "$log" || tail -n 1 "$log")"
for deb in "$new"/*.deb; do
	dpkg-deb -x "$deb" "$new/unpacked" || skip "$deb does not unpack"
done

vmlinuz=$(find "$new/unpacked" -name 'vmlinuz*' -type f)
[ -f "$vmlinuz" ] || skip "$package holds no vmlinuz"
mv "$vmlinuz" "$new/vmlinuz"
mkdir "$new/modules"
find "$new/unpacked" -name 'virtio*.ko*' -exec mv {} "$new/modules" \;
basename -a -s .deb "$new"/linux-image-*.deb >"$new/package"
rm -rf "$new/unpacked" "$new"/*.deb
chmod 755 "$new"
sed 's/^linux-image-//; s/_.*//' "$new/package" >"$new/release"
rm -rf "$dir"
mv "$new" "$dir"
trap - EXIT
echo "$dir"
