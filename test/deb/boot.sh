#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Boots the systemd of the folder $1 as the first process of namespaces of its
# own, where only loopback is up. It writes its process id to $1.pid, as this
# process sees it, and ends with this process. As root.
set -eu
root=$1
exec unshare --fork --pid --kill-child --mount --uts --ipc --net --cgroup \
    sh -eu -c '
	mount --make-rprivate /
	mount --bind "$0" "$0"
	cd "$0"
	mount -t proc proc proc
	mount -t sysfs -o ro sysfs sys
	mount -t cgroup2 none sys/fs/cgroup
	mount -t tmpfs none run
	mount -t tmpfs -o mode=755 none dev
	mkdir dev/pts dev/shm
	for node in null zero full random urandom tty; do
		touch dev/$node
		mount --bind /dev/$node dev/$node
	done
	mount -t devpts -o newinstance,ptmxmode=666 devpts dev/pts
	ln -s pts/ptmx dev/ptmx
	ln -s /proc/self/fd dev/fd
	ip link set lo up
	hostname mail
	mkdir -p old
	pivot_root . old
	exec chroot . sh -c "umount -l /old; container=lxc; export container
	    exec /lib/systemd/systemd --system --log-target=console"
' "$root"
