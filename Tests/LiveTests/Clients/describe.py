"""Writes an interface's definition to a file: describe.py SOCKET INTERFACE FILE."""

import sys

import varlink

path, name, target = sys.argv[1:]
client = varlink.Client(f"unix:{path}")
text = client.get_interface(name).get_description()
with open(target, "w") as file:
    file.write(text)
