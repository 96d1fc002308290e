"""A first session: python3 session.py [host] [port]."""
import sys

from caskd_client import CaskError, Client

host = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1"
port = int(sys.argv[2]) if len(sys.argv) > 2 else 7117

client = Client(host, port)
print("connected to", client.server["server"], client.server["version"])

revision = client.put(b"python:a", b"one")
print("get:", client.get(b"python:a"))
assert client.get(b"python:none") is None

client.batch([
    (0, b"python:b", b"two"),
    (0, b"python:c", b"\x00\xff" * 100_000),
    (1, b"python:a", revision),
])
print("range:", [(key, len(value)) for key, value in client.range(prefix=b"python:", limit=1)])
assert [key for key, _ in client.range(prefix=b"python:", reverse=True)] == [b"python:c", b"python:b"]
assert client.get(b"python:c") == b"\x00\xff" * 100_000

try:
    client.put(b"python:b", b"three", False)
except CaskError as error:
    print("error:", error.name, error.code, "retryable" if error.retryable else "not retryable",
          "revision is there" if error.details["revision"] else "")

print("delete:", client.delete(b"python:b"), client.delete(b"python:c"), client.delete(b"python:c"))
client.close()
