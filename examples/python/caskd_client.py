"""A client of caskd in about a hundred lines, written from docs/protocol.md alone.

Standard library only, one request at a time. Keys and values are bytes.
"""
import socket
import struct

HELLO, PING, GET, PUT, DELETE, BATCH, RANGE = 1, 2, 3, 5, 6, 9, 10
PUSH_FLAG, PUSH_PING = 0x04, 1


class CaskError(Exception):
    def __init__(self, code, name, message, retryable=False, details=None, *_newer):
        super().__init__(f"{name}: {message}")
        self.code, self.name, self.retryable, self.details = code, name, retryable, details


def pack(value):
    """msgpack: nil, bool, integers, bin, str, array, map."""
    if value is None or isinstance(value, bool):
        return {None: b"\xc0", False: b"\xc2", True: b"\xc3"}[value]
    if isinstance(value, int):
        if 0 <= value < 0x80:
            return bytes([value])
        return b"\xcf" + value.to_bytes(8, "big") if value > 0 else struct.pack(">Bq", 0xD3, value)
    if isinstance(value, (bytes, str)):
        raw, tag = (value, 0xC6) if isinstance(value, bytes) else (value.encode(), 0xDB)
        return struct.pack(">BI", tag, len(raw)) + raw
    if isinstance(value, dict):
        items = b"".join(pack(key) + pack(item) for key, item in value.items())
        return struct.pack(">BI", 0xDF, len(value)) + items
    return struct.pack(">BI", 0xDD, len(value)) + b"".join(map(pack, value))


NUMBERS = {0xCA: ">f", 0xCB: ">d", 0xCC: ">B", 0xCD: ">H", 0xCE: ">I", 0xCF: ">Q",
           0xD0: ">b", 0xD1: ">h", 0xD2: ">i", 0xD3: ">q"}
SIZED = {0xC4: ">B", 0xC5: ">H", 0xC6: ">I", 0xD9: ">B", 0xDA: ">H", 0xDB: ">I",
         0xDC: ">H", 0xDD: ">I", 0xDE: ">H", 0xDF: ">I"}


def unpack(data, at=0):
    """The msgpack value at an offset, and the offset behind it."""
    tag, at = data[at], at + 1
    if tag < 0x80 or tag >= 0xE0:
        return (tag if tag < 0x80 else tag - 0x100), at
    if tag in (0xC0, 0xC2, 0xC3):
        return {0xC0: None, 0xC2: False, 0xC3: True}[tag], at
    if tag in NUMBERS:
        return struct.unpack_from(NUMBERS[tag], data, at)[0], at + struct.calcsize(NUMBERS[tag])
    if tag in SIZED:
        size, at = struct.unpack_from(SIZED[tag], data, at)[0], at + struct.calcsize(SIZED[tag])
    else:  # fixstr has five bits of length, fixarray and fixmap four
        size = tag & (0x1F if tag >= 0xA0 else 0x0F)
    if tag in (0xC4, 0xC5, 0xC6):
        return bytes(data[at:at + size]), at + size
    if 0xA0 <= tag < 0xC0 or tag in (0xD9, 0xDA, 0xDB):
        return data[at:at + size].decode(), at + size
    is_map = tag < 0x90 or tag in (0xDE, 0xDF)
    items = []
    for _ in range(size * 2 if is_map else size):
        item, at = unpack(data, at)
        items.append(item)
    return (dict(zip(items[::2], items[1::2])) if is_map else items), at


class Client:
    def __init__(self, host="127.0.0.1", port=7117, timeout_s=5):
        self._socket = socket.create_connection((host, port), timeout_s)
        self._stream = self._socket.makefile("rb")
        self._last_id = 0
        self._socket.sendall(struct.pack(">4sHHI", b"CASK", 1, 0, 0))
        hello_id = self._send(HELLO, {"client": "caskd-python-example", "version": "1"})
        magic, version, _, _ = struct.unpack(">4sHHI", self._read(12))
        if (magic, version) != (b"CASK", 1):
            raise ConnectionError(f"no caskd of version 1 answers there: {magic!r} {version}")
        self.server = self._results_of(hello_id)[0]

    def get(self, key):
        """The value, or None."""
        return self._request(GET, key)[0]

    def put(self, key, value, condition=None, ttl=None):
        """The revision. condition: None, False (absent), True (present) or a revision."""
        return self._request(PUT, key, value, condition, ttl)[0]

    def delete(self, key, condition=None):
        """Whether there was such a key."""
        return self._request(DELETE, key, condition)[0]

    def batch(self, items):
        """All or nothing; items are (0, key, value, condition, ttl) and (1, key, condition)."""
        return self._request(BATCH, items)[0]

    def range(self, start=None, end=None, prefix=None, limit=None, reverse=False):
        """Every (key, value) of the range; limit is that of a page."""
        after, more = None, True
        while more:
            flags = 1 if reverse else 0
            entries, more = self._request(RANGE, start, end, prefix, after, limit, flags)[:2]
            for key, value, *_meta in entries:
                yield key, value
                after = key

    def close(self):
        self._stream.close()
        self._socket.close()

    def _request(self, op, *args):
        return self._results_of(self._send(op, *args))

    def _send(self, op, *args):
        self._last_id = self._last_id % (2**32 - 1) + 1
        body = pack([self._last_id, op, None, *args])
        self._socket.sendall(struct.pack(">IB", 1 + len(body), 0) + body)
        return self._last_id

    def _results_of(self, request_id):
        while True:
            length, flags = struct.unpack(">IB", self._read(5))
            message, _ = unpack(self._read(length - 1))
            if flags & PUSH_FLAG:
                if message[1] == PUSH_PING:
                    self._send(PING)  # its reply is passed over below
            elif message[0] in (request_id, 0):
                if message[1] != 0:
                    raise CaskError(*message[1:])
                return message[2:]

    def _read(self, size):
        data = self._stream.read(size)
        if len(data) < size:
            raise ConnectionError("the server closed the connection")
        return data
