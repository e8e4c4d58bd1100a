"""C sources as text: where functions, parameters and static data are, as far as an editor needs it.

Relies on the layout of the programs it is used on: a definition begins in column 0 and ends with a
`}` in column 0; declarations stand one to a line.
"""

import re

FUNCTION = re.compile(
    r"^(?P<head>(?!typedef|struct \w+ \{|union \w+ \{|enum|return|else)[A-Za-z_][^;{}=#\n]*?"
    r"\b(?P<name>[A-Za-z_]\w*)\((?P<parameters>[^;{}]*?)\)) \{\n(?P<body>.*?)^\}\n",
    re.M | re.S)
DATUM = re.compile(
    r"^(?P<head>(?:static |const |volatile )*(?:struct \w+|union \w+|struct \{[^}]*\}|[a-z]\w*)"
    r"(?: const)? [*]?(?:const )?(?:\(\*)?)(?P<name>[a-z]\w*)(?P<rest>\)\([^)]*\)|(?:\[[^\]]*\])*)"
    r" = (?P<value>[^;]*);", re.M)
LOCAL_STATIC = re.compile(
    r"^ +(?P<head>static (?:volatile )?(?:const )?[a-z]\w* [*]?(?:const )?)(?P<name>\w+)"
    r"(?P<rest>(?:\[[^\]]*\])*)(?: = (?P<value>[^;]*))?;", re.M)


def blank_literals(text):
    """The text with comments, strings and characters blanked, every offset kept."""
    pattern = r'/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''
    return re.sub(
        pattern, lambda m: re.sub(r"[^\n]", " ", m.group()), text, flags=re.S)


class Function:
    def __init__(self, file, match):
        self.file, self.name = file, match["name"]
        self.start, self.end = match.span()
        self.body_start, self.body_end = match.span("body")
        self.body, self.head = match["body"], match["head"]
        self.parameters = match["parameters"]
        self.code = blank_literals(match["body"])
        self.is_static = bool(re.search(r"\bstatic\b", self.head))
        self.is_inline = file.endswith(".h")

    @property
    def key(self):
        return (self.file, self.name)

    def mentions(self, word):
        return bool(re.search(rf"(?<![.\w])(?<!->){word}\b", self.code))

    def calls(self, word):
        return bool(re.search(rf"(?<![.\w>]){word}\(", self.code))


class Program:
    """The files of one program, by name."""

    def __init__(self, name, files):
        self.name, self.files = name, files
        self.functions = []
        self.data = []
        for file, text in files.items():
            self.functions += [Function(file, m) for m in FUNCTION.finditer(text)]
            if file.endswith(".c"):
                self.data += [(file, m) for m in DATUM.finditer(text)]

    def editable(self):
        return [f for f in self.functions if not f.is_inline]

    def sources(self):
        return [f for f in self.files if f.endswith(".c")]

    def replace(self, *edits):
        """A program with (file, start, end, text) replaced; they do not overlap."""
        files = dict(self.files)
        for file, start, end, text in sorted(edits, key=lambda e: e[:3], reverse=True):
            files[file] = files[file][:start] + text + files[file][end:]
        return Program(self.name, files)

    def function(self, key):
        return next(f for f in self.functions if f.key == key)

    def users(self, file, name, is_static):
        """The functions that mention a name of file scope."""
        return {
            f.key for f in self.editable()
            if f.mentions(name) and (not is_static or f.file == file)}

    def address_taken(self, function):
        """Whether its name stands anywhere but before a parenthesis."""
        return any(
            re.search(rf"(?<![.\w]){function.name}\b(?!\()", blank_literals(text))
            for text in self.files.values())

    def mentioned_in_header(self, name):
        return any(
            re.search(rf"\b{name}\b", f.code) for f in self.functions if f.is_inline)

    def is_written(self, file, name):
        """Whether a static is assigned to: one that never is, the optimiser takes for a constant."""
        target = rf"(?<![.\w]){name}(?:\[[^=;]*?\]|\.\w+)*(?: [-+*^|&]?= |\+\+|--)"
        return any(
            re.search(target, f.code) or re.search(rf"(?:\+\+|--){name}\b", f.code)
            for f in self.functions if f.file == file)

    def names(self):
        """Each function's name as the linked program may have it, inline ones in each user."""
        keys = {f.key for f in self.editable()}
        for inline in (f for f in self.functions if f.is_inline):
            users = {f.file for f in self.editable() if f.mentions(inline.name)}
            keys |= {(file, inline.name) for file in users}
        return keys

    def marked(self):
        """The program with each procedure kept apart from the optimiser's view of others."""
        marks = [
            (f.file, f.start, f.start, "__attribute__((noinline,noclone)) ")
            for f in self.functions if f.name != "main"]
        return self.replace(*marks)


def has_line(function):
    """Whether its code holds the number of one of its own lines."""
    return bool(re.search(r"__LINE__|\bassert\(|\bCHECK\(", function.code))


def moved_lines(old, new):
    """The functions that hold a line number and stand on another line, by key."""
    places = {f.key: f for f in new.editable()}

    def numbers(program, f):
        text, found = program.files[f.file], []
        for match in re.finditer(r"__LINE__|\bassert\(|\bCHECK\(", f.code):
            found.append(text.count("\n", 0, f.body_start + match.start()))
        return found

    return {
        f.key for f in old.editable()
        if has_line(f) and f.key in places and numbers(old, f) != numbers(new, places[f.key])}
