"""What systemd does for a service, for tests: receives its notifications, hands down its sockets.

    service-manager.py notified PATH        prints each datagram as a line of JSON
    service-manager.py listening NAMES KIND... -- PROGRAM ARGUMENT...
        opens a socket of each KIND (tcp, any, tcp6, udp, unix), prints the ports as a line of
        JSON, and becomes the program, with the sockets from descriptor 3 on; NAMES is
        LISTEN_FDNAMES
"""

import array
import fcntl
import json
import os
import socket
import struct
import sys

DATAGRAM_BYTES_MAX = 65536
DESCRIPTORS_MAX = 16
FIRST_FD = 3
HIGH_FD = 100


def close_all(ancillary):
    """systemd closes what comes with a datagram; BARRIER=1 waits for that. The sender's pid."""
    pid = None
    for level, kind, data in ancillary:
        if level != socket.SOL_SOCKET:
            continue
        if kind == socket.SCM_RIGHTS:
            fds = array.array("i")
            fds.frombytes(data[: len(data) - len(data) % fds.itemsize])
            for fd in fds:
                os.close(fd)
        elif kind == socket.SCM_CREDENTIALS:
            pid = struct.unpack("3i", data)[0]
    return pid


def receive(path):
    receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    receiver.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    receiver.bind(path)
    print(json.dumps({"msg": "bound"}), flush=True)
    space = socket.CMSG_SPACE(DESCRIPTORS_MAX * 4) + socket.CMSG_SPACE(12)
    while True:
        data, ancillary, _, _ = receiver.recvmsg(DATAGRAM_BYTES_MAX, space)
        pid = close_all(ancillary)
        said = data.decode().split("\n")
        print(json.dumps({"msg": "heard", "said": said, "pid": pid}), flush=True)


def opened(kind):
    if kind == "udp":
        bound = socket.socket(type=socket.SOCK_DGRAM)
        bound.bind(("127.0.0.1", 0))
        return bound
    family = {"unix": socket.AF_UNIX, "tcp6": socket.AF_INET6}.get(kind, socket.AF_INET)
    listener = socket.socket(family)
    address = {"unix": "\0caskd-test-%d" % os.getpid(), "tcp6": ("::1", 0), "any": ("0.0.0.0", 0)}
    listener.bind(address.get(kind, ("127.0.0.1", 0)))
    listener.listen()
    return listener


def port_of(listener):
    name = listener.getsockname()
    return name[1] if isinstance(name, tuple) else None


def listen(names, kinds, program):
    sockets = [opened(kind) for kind in kinds]
    print(json.dumps({"msg": "listening", "ports": [port_of(each) for each in sockets]}), flush=True)
    # out of the way first, so that none is overwritten by another
    high = [fcntl.fcntl(each.fileno(), fcntl.F_DUPFD, HIGH_FD) for each in sockets]
    for index, fd in enumerate(high):
        os.dup2(fd, FIRST_FD + index, inheritable=True)
    os.environ.update(
        LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(sockets)), LISTEN_FDNAMES=names
    )
    os.execvp(program[0], program)


if sys.argv[1] == "notified":
    receive(sys.argv[2])
else:
    end = sys.argv.index("--")
    listen(sys.argv[2], sys.argv[3:end], sys.argv[end + 1 :])
