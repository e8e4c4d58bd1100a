"""Which functions differ between two sets of plain object files: read from the ELF files alone.

A function is its bytes, relocated fields blanked, and what each relocation refers to by content.
Made for objects of `-ffunction-sections -fdata-sections`; knows nothing of how ours are compared.
"""

import re
import struct


class Object:
    def __init__(self, path):
        with open(path, "rb") as file:
            self.bytes = file.read()
        (offset,) = struct.unpack_from("<Q", self.bytes, 0x28)
        size, count, names = struct.unpack_from("<HHH", self.bytes, 0x3A)
        self.sections = [
            struct.unpack_from("<IIQQQQIIQQ", self.bytes, offset + i * size) for i in range(count)]
        table = self.content(names)
        self.names = [self._text(table, s[0]) for s in self.sections]
        self.symbols, self.relocations = [], {}
        for index, section in enumerate(self.sections):
            if section[1] == 2:
                self._read_symbols(self.content(index), self.content(section[6]))
        for index, section in enumerate(self.sections):
            if section[1] == 4:
                self.relocations[section[7]] = [
                    (place, info & 0xFFFFFFFF, info >> 32, addend)
                    for place, info, addend in struct.iter_unpack("<QQq", self.content(index))]

    @staticmethod
    def _text(table, start):
        return table[start:table.index(b"\0", start)].decode()

    def _read_symbols(self, content, table):
        for name, info, _, section, value, size in struct.iter_unpack("<IBBHQQ", content):
            self.symbols.append((self._text(table, name), info & 15, section, value, size))

    def content(self, index):
        _, kind, _, _, offset, size = self.sections[index][:6]
        return b"" if kind == 8 else self.bytes[offset:offset + size]

    # Parts: a function's body, `.cold` part and clones, under its name.

    def functions(self):
        """Name -> (sorted parts, names of local functions it refers to by a clone's symbol)."""
        found = {}
        for name, kind, section, value, size in self.symbols:
            if kind != 2 or section == 0 or section >= len(self.sections):
                continue
            base = name.split(".")[0]
            part, clones = self._part(section, value, size)
            parts, known = found.setdefault(base, ([], set()))
            suffix = re.sub(r"\.\d+", "", name[len(base):])
            parts.append((suffix, part))
            known |= clones - {base}
        return {name: (sorted(parts), clones) for name, (parts, clones) in found.items()}

    def _part(self, section, value, size):
        code = bytearray(self.content(section)[value:value + size])
        references, clones = [], set()
        for place, kind, symbol, addend in self.relocations.get(section, []):
            if not value <= place < value + size:
                continue
            width = 8 if kind in (1, 24, 25) else 4
            code[place - value:place - value + width] = bytes(width)
            reference = self._reference(kind, symbol, addend)
            name = self.symbols[symbol][0] or self.names[self.symbols[symbol][2]]
            clone = re.search(r"(\w+)\.(?:constprop|isra|part)", name)
            if clone:
                clones.add(clone[1])
            references.append((place - value, reference))
        return (bytes(code), tuple(references)), clones

    def _reference(self, kind, symbol, addend):
        name, type_, section, value, _ = self.symbols[symbol]
        kind = 2 if kind == 4 else kind  # a call through the PLT is a call
        if type_ != 3:
            if section and section < len(self.sections) and self._is_literal(section):
                return self._literal(section, value + addend + (4 if kind == 2 else 0))
            return (kind, re.sub(r"\.\d+\b", "", name), addend)
        if self._is_literal(section):
            return self._literal(section, addend + (4 if kind == 2 else 0))
        target = re.sub(r"^\.(text|data|bss|rodata)(\.rel\.ro)?(\.local)?\.", "", self.names[section])
        return (kind, re.sub(r"\.\d+$", "", target), addend)

    def _is_literal(self, section):
        name = self.names[section]
        if re.search(r"^\.rodata(\.[\w.]+)?\.(str|cst)\d|\.CSWTCH\.", name) or name == ".rodata":
            return True
        owner = re.match(r"\.rodata\.(\w+)", name)  # jump tables lie in one named like the function
        return bool(owner) and any(s[1] == 2 and s[0] == owner[1] for s in self.symbols)

    def _literal(self, section, start):
        content = self.content(section)
        relocations = [r for r in self.relocations.get(section, []) if r[0] >= start]
        if relocations and relocations[0][0] == start:
            table, place = [], start
            for at, kind, symbol, addend in relocations:
                if at != place:
                    break
                place += 8 if kind == 1 else 4
                addend -= (at - start) if kind == 2 else 0
                table.append(self._reference(1, symbol, addend))
            return ("table", tuple(table))
        name = self.names[section]
        if ".cst" in name:
            size = int(re.search(r"\.cst(\d+)", name)[1])
            return ("constant", content[start - start % size:start - start % size + size])
        if "CSWTCH" in name:
            return ("table", content)
        end = content.find(b"\0", start)
        return ("string", content[start:end if end >= 0 else len(content)])


def compare(old_paths, new_paths):
    """Compares {file: object path} of two builds.

    Returns the changed, added and removed (file, function) and whether clones carry changes on.
    """
    old, new = {}, {}
    for paths, into in ((old_paths, old), (new_paths, new)):
        for file, path in paths.items():
            for name, parts in Object(path).functions().items():
                into[(file, name)] = parts
    both = old.keys() & new.keys()
    changed = {key for key in both if old[key][0] != new[key][0]}
    while True:
        more = {
            key for key in both - changed
            if any((key[0], clone) in changed for clone in new[key][1])}
        if not more:
            return changed, new.keys() - old.keys(), old.keys() - new.keys()
        changed |= more
