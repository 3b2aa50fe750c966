#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# test_package.sh — Debian's packages are built as a build host does, twice with the same bytes, and lintian has
# nothing against them. On a bare host with systemd they are installed, upgraded, downgraded, removed and purged while
# spans wait in the spool, and every span is counted. Then a host that runs jaeger-agent changes by the lines of
# README.md, and back.

here=$(dirname "$0")
. "$here/lib.sh" && . "$here/host.sh" || exit 1

need dpkg-buildpackage "builds the packages" dh "builds the packages" lintian "judges the packages" jq "reads JSON"
host_need
workdir
unset MAKEFLAGS MFLAGS MAKELEVEL

# ---- the packages ----

# ok_or_show STATUS SENTENCE LOG: a failure shows the log's end
ok_or_show() {
	ok "$1" "$2"
	[ "$1" -eq 0 ] || diag "$(tail -n 10 "$3")"
}

# build SOURCE: every package, beside the directory SOURCE, without a network
build() {
	(cd "$1" && DEB_BUILD_OPTIONS="nocheck parallel=$(nproc)" unshare -n dpkg-buildpackage -us -uc) >"${1%/*}.log" 2>&1
}
sums() { (cd "$WORK/$1" && sha256sum ./*.deb); }

build_packages() {
	mkdir "$WORK/debs" "$WORK/again"
	make -s -C "$SPANSPOOL_BUILD" distdir distdir="$WORK/debs/spanspool" >/dev/null 2>&1
	cp -a "$WORK/debs/spanspool" "$WORK/again/a-longer-name"
	build "$WORK/debs/spanspool"
	ok_or_show $? "the packages are built" "$WORK/debs.log"
	(umask 077 && export TZ=Asia/Tokyo LC_ALL=C && build "$WORK/again/a-longer-name")
	is "$(sums again)" "$(sums debs)" "built again elsewhere, at another time, in another zone, they have the same bytes"
	lintian --fail-on error,warning "$WORK"/debs/*.changes >"$WORK/lintian.log" 2>&1
	ok_or_show $? "lintian has no error and no warning" "$WORK/lintian.log"
}

# On the host, the packages as they were built are in /root/debs, and as a later version in /root/later.
put_packages() {
	local deb
	mkdir "$WORK/host/root/debs" "$WORK/host/root/later"
	for deb in "$WORK"/debs/spanspool_*.deb "$WORK"/debs/spanspool-testkit_*.deb "$WORK"/debs/spanspool-jaeger-agent_*.deb; do
		cp "$deb" "$WORK/host/root/debs/"
		dpkg-deb -R "$deb" "$WORK/later" && sed -i 's/^Version: .*/&+later/; s/(= [^)]*/&+later/' "$WORK/later/DEBIAN/control" &&
			dpkg-deb -b "$WORK/later" "$WORK/host/root/later/${deb##*/}" >/dev/null || return 1
		rm -rf "$WORK/later"
	done
}

# apt install FILE…, apt remove PACKAGE…: on the host, which reaches no network; what it said is in $WORK/apt.log
apt() { on_host apt-get -y -qq -o Dpkg::Use-Pty=0 "$@" >"$WORK/apt.log" 2>&1; }
# install WHICH PACKAGE…: those in the host's /root/WHICH
install() {
	local from=$1 name
	shift
	for name in "$@"; do
		set -- "$@" "$(echo "$WORK/host/root/$from/$name"_*.deb)"
		shift
	done
	apt install --allow-downgrades "${@#"$WORK/host"}"
}
version_there() { on_host dpkg-query -W -f '${Version}' spanspool; }

# ---- the agent on the host ----

active() { on_host systemctl is-active -q "$1"; }
main_process() { on_host systemctl show -p MainPID --value "$1"; }
# A program that was deleted under its process counts as well.
runs() { on_host sh -c 'ls -l /proc/[0-9]*/exe 2>/dev/null' | grep -q '/usr/bin/spanspool'; }
serves() { on_host spanspool status >/dev/null 2>&1; }
spans() { on_host spanspool status --json | jq -r ".ledger.spans.$1"; }
spans_are() { [ "$(spans "$1")" = "$2" ]; }
emit() { on_host spanspool emit --spans="$1" --rate=2000 >/dev/null; }
owner() { on_host stat -c %U "$1"; }

# Takes the spans, and says on the line "counts" how many are stored.
collector_up() {
	rm -f "$WORK/collector.in" && mkfifo "$WORK/collector.in"
	on_host /root/stubcollector --port=14268 <"$WORK/collector.in" >"$WORK/collector.out" &
	exec 7>"$WORK/collector.in"
}
collector_down() { exec 7>&-; }
stored() {
	echo counts >&7
	wait_for 10 grep -q unique "$WORK/collector.out"
	tail -n 1 "$WORK/collector.out"
}

fresh_install() {
	install debs spanspool spanspool-testkit
	ok_or_show $? "apt installs them on a bare host" "$WORK/apt.log"
	not active spanspool
	ok $? "and starts nothing"
	on_host systemctl enable -q --now spanspool && wait_for 20 serves
	ok $? "the unit starts the agent"
	runs
	ok $? "as a process of the host"
	is "$(on_host stat -c '%U %a' /var/lib/spanspool)" "spanspool 700" "the spool is the agent's own"
	emit 1000
	wait_for 20 spans_are in_spool 1000
	ok $? "without a collector, 1,000 spans wait in the spool"
}

other_versions() {
	local before=$(main_process spanspool)
	on_host sh -c 'echo "log-level: warn" >>/etc/spanspool.yaml'
	install later spanspool spanspool-testkit && wait_for 20 serves
	ok_or_show $? "it is upgraded, and serves" "$WORK/apt.log"
	is "$(version_there)" "$VERSION+later" "to the later version"
	not [ "$(main_process spanspool)" = "$before" ]
	ok $? "with a new process"
	on_host grep -q '^log-level: warn' /etc/spanspool.yaml
	ok $? "what the administrator wrote into /etc/spanspool.yaml stays"
	emit 500
	wait_for 20 spans_are in_spool 1500
	ok $? "every span from before waits on, and the new ones with them"
	install debs spanspool spanspool-testkit && wait_for 20 serves && wait_for 20 spans_are in_spool 1500
	ok_or_show $? "it is downgraded, and has all 1,500" "$WORK/apt.log"
	is "$(spans uncertain) $(on_host spanspool status --json | jq .ledger.unclean_stops)" "0 0" "each stop was a clean one"
}

remove_and_purge() {
	apt remove spanspool
	ok_or_show $? "it is removed" "$WORK/apt.log"
	not runs
	ok $? "no process of it is left"
	on_host grep -q '^log-level: warn' /etc/spanspool.yaml
	ok $? "its configuration stays"
	apt purge spanspool
	ok $? "it is purged"
	not on_host test -e /etc/spanspool.yaml -o -e /etc/default/spanspool
	ok $? "and its configuration is gone"
	grep -q '/var/lib/spanspool is kept: spans wait in it' "$WORK/apt.log"
	ok $? "but the spool is kept, in so many words, because spans wait in it"
	install debs spanspool spanspool-testkit && on_host systemctl enable -q --now spanspool && collector_up
	wait_for 60 spans_are delivered 1500
	ok $? "installed again, it delivers them when a collector comes"
	is "$(stored | jq -r .unique)" 1500 "all 1,500 are stored"
	apt purge spanspool
	not on_host test -e /var/lib/spanspool
	ok $? "purged with nothing in its spool, it leaves none"
}

# ---- a host that runs jaeger-agent ----

# Its program is a stand-in: no line of the change starts it.
old_host() {
	on_host useradd --system jaeger
	printf '#!/bin/sh\nexec sleep infinity\n' >"$WORK/host/usr/bin/jaeger-agent"
	chmod 755 "$WORK/host/usr/bin/jaeger-agent"
	echo 'JAEGER_AGENT_ARGS="--reporter.grpc.host-port=127.0.0.1:14250 --agent.tags=zone=a --log-level=info"' \
		>"$WORK/host/etc/default/jaeger-agent"
	cat >"$WORK/host/etc/systemd/system/jaeger-agent.service" <<-'END'
		[Unit]
		Description=Jaeger agent
		[Service]
		User=jaeger
		EnvironmentFile=/etc/default/jaeger-agent
		ExecStart=/usr/bin/jaeger-agent $JAEGER_AGENT_ARGS
		Restart=on-failure
		[Install]
		WantedBy=multi-user.target
	END
	on_host systemctl enable -q --now jaeger-agent
}

# The first block of shell below the heading $1 of README.md, one command a line.
readme() { awk -v title="$1" '/^#+ /{ here = $0 ~ "^#+ " title "$" } here && /^```/ { if (n++) exit; next } here && n' "$here/../../README.md"; }
run_lines() {
	printf 'sudo() { "$@"; }\ncd /root/debs\nset -ex\n%s\n' "$1" >"$WORK/host/root/lines.sh"
	on_host sh /root/lines.sh >"$WORK/lines.log" 2>&1
}
original() { on_host grep -q 'sleep infinity' "$1"; }

change_from_jaeger_agent() {
	local lines=$(readme "From jaeger-agent")
	[ -n "$lines" ] && [ "$(echo "$lines" | wc -l)" -le 5 ]
	ok $? "README.md changes a host in at most five lines"
	old_host
	run_lines "$(echo "$lines" | sed '$d')"
	ok_or_show $? "on a host that runs jaeger-agent each of them works" "$WORK/lines.log"
	wait_for 20 on_host sh -c "$(echo "$lines" | tail -n 1)" >"$WORK/status" 2>&1 && grep -q '^ledger' "$WORK/status"
	ok_or_show $? "and the last says that the agent serves" "$WORK/status"
	is "$(on_host readlink "/proc/$(main_process jaeger-agent)/exe")" /usr/bin/spanspool "its unit runs spanspool"
	is "$(owner /var/lib/spanspool)" jaeger "with a spool that belongs to the unit's user"
	original /usr/bin/jaeger-agent.original
	ok $? "the program of before is kept"
	install debs spanspool-testkit
	emit 700
	wait_for 30 spans_are delivered 700
	ok $? "spans reach the collector that the old flags name"
	on_host systemctl start spanspool && wait_for 20 serves && not active jaeger-agent
	ok $? "spanspool.service takes its place when it is started"
	is "$(spans accepted) $(owner /var/lib/spanspool)" "700 spanspool" "with the same spool"
	on_host systemctl stop spanspool
}

change_back() {
	apt remove spanspool-jaeger-agent && on_host systemctl restart jaeger-agent && active jaeger-agent &&
		original /usr/bin/jaeger-agent
	ok_or_show $? "without spanspool-jaeger-agent the host has its own jaeger-agent again" "$WORK/apt.log"
}

VERSION=$(sed -n 's/^AC_INIT(\[spanspool\], \[\(.*\)\])/\1/p' "$here/../../configure.ac")
build_packages
host_image "$WORK"/debs/spanspool_*.deb "$WORK"/debs/spanspool-testkit_*.deb && host_start && put_packages ||
	{ tail -5 "$WORK/host.log"; die "no host"; }
cp "$SPANSPOOL_BUILD/tests/lib/stubcollector" "$WORK/host/root/"
fresh_install
other_versions
remove_and_purge
change_from_jaeger_agent
change_back
collector_down
host_stop
ok $? "the host stops"
tap_done
