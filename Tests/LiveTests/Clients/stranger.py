"""Calls a service as a user who may not, with a foreign client.

usage: stranger.py SOCKET INTERFACE DESCRIPTION-FILE
"""

import socket
import sys

import varlink
from varlink import scanner

from strict import Strict, fails

path, name, description = sys.argv[1:]


def connection(text):
    end = socket.socket(socket.AF_UNIX)
    end.connect(path)
    return Strict(scanner.Interface(text), end)


with open(description) as file:
    service = connection(file.read())
method = {"org.podus.pup": "Stop", "org.podus.mapper": "List"}[name]
refusal = fails(f"{name}.NotPermitted", getattr(service, method))
assert refusal["code"] == "not-permitted", refusal
try:
    varlink.Client(f"unix:{path}").open(name)
    raise AssertionError("a stranger was told of the interface")
except varlink.VarlinkError as failure:
    assert failure.error() == "org.varlink.service.PermissionDenied", failure
print(refusal["message"])
