#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# root.sh PROGRAM DIRECTORY — fills DIRECTORY with a root that holds what spanspool needs to run and nothing else: the
# program, the libraries that it is linked with, those that glibc loads for names, and the system's authorities for TLS.
set -eu
[ $# -eq 2 ] || { sed -n '3,4s/^# //p' "$0" >&2; exit 2; }
program=$1 root=$2
user=10001 # as in the image of jaeger-agent

copy() { # FILE…: to the same place; a link as the file that it leads to
	for file; do
		mkdir -p "$root${file%/*}"
		cp -L "$file" "$root$file"
	done
}

mkdir -p "$root/usr/bin" "$root/etc" "$root/tmp" "$root/proc" "$root/var/lib/spanspool" "$root/go/bin"
cp -L "$program" "$root/usr/bin/spanspool"
for library in $(ldd "$program" | grep -o '/[^ ]*'); do copy "$library"; done
libc=$(ldd "$program" | grep -o '/[^ ]*libc\.so\.6')
copy "${libc%/*}/libnss_dns.so.2" "${libc%/*}/libnss_files.so.2" "${libc%/*}/libresolv.so.2"
copy /etc/ssl/certs/ca-certificates.crt
# jaeger-agent, by the name that command lines use and by the entry point of its image.
ln -sf spanspool "$root/usr/bin/jaeger-agent"
ln -sf ../../usr/bin/jaeger-agent "$root/go/bin/agent-linux"
echo "spanspool:x:$user:$user::/var/lib/spanspool:/nonexistent" >"$root/etc/passwd"
echo "spanspool:x:$user:" >"$root/etc/group"
echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
chown "$user:$user" "$root/var/lib/spanspool"
chmod 0700 "$root/var/lib/spanspool"
chmod 1777 "$root/tmp"
