#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""namespace: a network of our own with nothing but its loopback, and a
resolv.conf of our own in it, so that programs that ask the system's resolver,
and those that crash with one on another port than 53, can be measured too.
"""
import atexit
import ctypes
import fcntl
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile

INSIDE = "BENCH_RESOLV_CONF"
SIOCSIFFLAGS, IFF_UP, MS_BIND = 0x8914, 0x1, 4096


def _set_up(resolv_conf):
    """Only inside; OSError if that cannot be done."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        fcntl.ioctl(s, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(resolv_conf.encode(), b"/etc/resolv.conf", None, MS_BIND,
                  None) != 0:
        raise OSError(ctypes.get_errno(), "mount")


def enter():
    """Begins this program anew inside, with a resolv.conf whose place
    resolv_conf() tells. Gives whether we are inside; False: not possible."""
    if INSIDE in os.environ:
        atexit.register(os.unlink, resolv_conf())
        return True
    handle, path = tempfile.mkstemp(prefix="resolv.conf.")
    os.fchmod(handle, 0o644)
    os.close(handle)
    env = dict(os.environ, **{INSIDE: path})
    unshare = shutil.which("unshare")
    for how in (["-n", "-m"], ["-r", "-n", "-m"]) if unshare else ():
        argv = [unshare] + how + [sys.executable, __file__]
        if subprocess.run(argv + ["true"], env=env, check=False,
                          stderr=subprocess.DEVNULL).returncode == 0:
            os.execve(unshare, argv + [sys.executable] + sys.argv, env)
    os.unlink(path)
    return False


def resolv_conf():
    return os.environ[INSIDE]


if __name__ == "__main__":
    _set_up(resolv_conf())
    os.execvp(sys.argv[1], sys.argv[1:])
