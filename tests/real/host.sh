# SPDX-License-Identifier: Apache-2.0
# host.sh — a Debian host of the test's own: a bare root in which systemd runs, with a network that has nothing but
# 127.0.0.1. Sourced after lib.sh.

HOST_SUITE=bookworm

host_need() {
	[ "$(id -u)" -eq 0 ] || skip_all "only root can start a host"
	need mmdebstrap "makes the host's root" systemd-nspawn "runs the host" nsenter "runs commands there"
}

# host_image PACKAGE…: into HOST_IMAGE; systemd, and the packages that those named depend on, but not these
# themselves. Made once for each list.
host_image() {
	local deps key
	deps=$(for deb in "$@"; do dpkg-deb -f "$deb" Depends; done | tr ',' '\n' |
		sed 's/([^)]*)//g; s/|.*//; s/ //g' | grep -v '^spanspool' | sort -u | paste -sd,)
	key=$(echo "$deps" | sha256sum | cut -c1-12)
	HOST_IMAGE=$CACHE/root-$HOST_SUITE-$key.tar
	[ -e "$HOST_IMAGE" ] && return
	mkdir -p "$CACHE"
	mmdebstrap --quiet --format=tar --variant=apt --include="systemd-sysv,dbus,$deps" $HOST_SUITE "$HOST_IMAGE.new" &&
		mv "$HOST_IMAGE.new" "$HOST_IMAGE"
}

# host_start: from the image, below $WORK/host, where HOST is the process of its systemd
host_start() {
	mkdir "$WORK/host" && tar xf "$HOST_IMAGE" -C "$WORK/host" || return 1
	spawn "$WORK/host.log" systemd-nspawn -q -D "$WORK/host" --boot --private-network --register=no --keep-unit \
		-M "spanspool-$$" --console=read-only --resolv-conf=off --timezone=off
	HOST_NSPAWN=$SPAWNED
	wait_for 60 host_up
}

host_up() {
	HOST=$(ps -o pid= --ppid "$HOST_NSPAWN" | tr -d ' ')
	[ -n "$HOST" ] && on_host systemctl is-system-running 2>/dev/null | grep -qE 'running|degraded'
}

# Ends the host; whatever ends the test does, for systemd-nspawn dies with it.
host_stop() {
	kill -TERM "$HOST_NSPAWN" 2>/dev/null
	wait_for 30 not running "$HOST_NSPAWN"
}

# on_host COMMAND…: as root of the host
on_host() {
	nsenter -t "$HOST" -a env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive \
		LC_ALL=C.UTF-8 "$@"
}
