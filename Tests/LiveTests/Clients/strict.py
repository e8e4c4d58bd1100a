"""A Varlink client that is not ours, and that lets nothing pass which the standard does not allow.

Each message that comes is checked as it is: its fields, its error against the errors that the
interface defines, its parameters against the method's types, and `continues` against the call.
"""

import json

import varlink
from varlink import scanner

STANDARD = {
    "InterfaceNotFound": ["interface"],
    "MethodNotFound": ["method"],
    "MethodNotImplemented": ["method"],
    "InvalidParameter": ["parameter"],
    "PermissionDenied": [],
    "ExpectedMore": [],
}


def conforms(interface, kind, value, place):
    """Fails unless `value` is of the type `kind`; fields that the type has not are failures too."""
    if isinstance(kind, scanner._CustomType):
        kind = interface.members[kind.name]
    if isinstance(kind, scanner._Alias):
        kind = kind.type
    if isinstance(kind, scanner._Maybe):
        if value is not None:
            conforms(interface, kind.element_type, value, place)
    elif isinstance(kind, scanner._Struct):
        assert isinstance(value, dict), f"{place}: {value!r} is no object"
        assert set(value) <= set(kind.fields), f"{place}: {set(value) - set(kind.fields)} not defined"
        for name, field in kind.fields.items():
            if name in value:
                conforms(interface, field, value[name], f"{place}.{name}")
            else:
                assert isinstance(field, scanner._Maybe), f"{place}.{name} is missing"
    elif isinstance(kind, scanner._Enum):
        assert value in kind.fields, f"{place}: {value!r} is none of {list(kind.fields)}"
    elif isinstance(kind, scanner._Array):
        assert isinstance(value, list), f"{place}: {value!r} is no array"
        for index, element in enumerate(value):
            conforms(interface, kind.element_type, element, f"{place}[{index}]")
    elif isinstance(kind, scanner._Object):
        assert isinstance(value, dict), f"{place}: {value!r} is no object"
    elif type(kind) is float:
        assert type(value) in (int, float), f"{place}: {value!r} is no number"
    else:
        assert type(kind) in (bool, int, str), f"{place}: unknown type {kind!r}"
        assert type(value) is type(kind), f"{place}: {value!r} is no {type(kind).__name__}"


class Strict(varlink.SimpleClientInterfaceHandler):
    """The library's connection, with each message checked on its way in."""

    def _call(self, method_name, *args, **kwargs):
        self.method, self.more = method_name, False
        return super()._call(method_name, *args, **kwargs)

    def _call_more(self, method_name, *args, **kwargs):
        self.method, self.more = method_name, True
        return super()._call_more(method_name, *args, **kwargs)

    def _next_message(self):
        for text in super()._next_message():
            self.check(json.loads(text))
            yield text

    def check(self, message):
        """Fails unless `message` is a reply to the call under way."""
        assert isinstance(message, dict) and set(message) <= {"parameters", "continues", "error"}
        parameters = message.get("parameters", {})
        if "error" in message:
            assert "continues" not in message
            self.check_error(message["error"], parameters)
            return
        assert type(message.get("continues", False)) is bool
        assert self.more or not message.get("continues"), "continues without more"
        kind = self._interface.members[self.method].out_type
        conforms(self._interface, kind, parameters, self.method)

    def check_error(self, error, parameters):
        """Fails unless the error is defined, with these parameters."""
        interface, _, name = error.rpartition(".")
        if interface == "org.varlink.service":
            assert sorted(parameters) == STANDARD[name], f"{error}: {parameters}"
            return
        assert interface == self._interface.name, f"{error} is of another interface"
        member = self._interface.members[name]
        assert isinstance(member, scanner._Error), f"{error} is not defined"
        conforms(self._interface, member.type, parameters, error)

    def ask_raw(self, call):
        """The reply to a call that the library itself would not make."""
        self.method, self.more = call["method"].rpartition(".")[2], call.get("more", False)
        self._send_message(json.dumps(call).encode())
        return json.loads(next(self._next_message()))


def connect(path, interface):
    """A strict connection to the service at `path`, and the service's client."""
    client = varlink.Client(f"unix:{path}")
    client.handler = Strict
    return client, client.open(interface)


def fails(error, call, *arguments, **named):
    """Makes a call that must fail with `error`; the error's parameters."""
    try:
        call(*arguments, **named)
    except varlink.VarlinkError as failure:
        assert failure.error() == error, failure
        return failure.parameters()
    raise AssertionError(f"{error} was expected")
