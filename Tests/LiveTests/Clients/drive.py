"""Runs a program, updates it and watches its events through pup's sockets, with a foreign client.

usage: drive.py RUNTIME-DIRECTORY NAME OLD NEW
"""

import json
import sys
import threading

from strict import connect, fails

PUP = "org.podus.pup"
MAPPER = "org.podus.mapper"


def describe(path, product, interface):
    """Checks what a service tells of itself."""
    client, connection = connect(path, interface)
    service = client.open("org.varlink.service")
    info = service.GetInfo()
    assert info["product"] == product and info["vendor"] and info["version"], info
    assert info["url"].startswith("https://"), info
    assert info["interfaces"] == ["org.varlink.service", interface], info
    for name in info["interfaces"]:
        text = service.GetInterfaceDescription(name)["description"]
        assert f"interface {name}\n" in text
    fails("org.varlink.service.InterfaceNotFound", service.GetInterfaceDescription, "org.other")
    return connection


def watch(path, events, ended):
    """Collects the program's events until it ends."""
    _, connection = connect(path, PUP)

    def follow():
        for reply in connection.Watch(_more=True):
            events.append(reply["event"])

    ended.append(fails(f"{PUP}.Cannot", follow)["code"])


def ask_wrongly(pup, path):
    """Each thing that a client can get wrong has the standard's error."""

    def raw(method, **more):
        return pup.ask_raw({"method": method, **more})

    assert raw(f"{PUP}.Dance") == {
        "error": "org.varlink.service.MethodNotFound", "parameters": {"method": "Dance"}}
    assert raw("org.other.Dance")["error"] == "org.varlink.service.InterfaceNotFound"
    assert raw(f"{PUP}.Wait", parameters={"update": "x"}) == {
        "error": "org.varlink.service.InvalidParameter", "parameters": {"parameter": "update"}}
    assert raw(f"{PUP}.Watch")["error"] == "org.varlink.service.ExpectedMore"
    assert raw(f"{PUP}.Attach")["error"] == "org.varlink.service.InvalidParameter"
    assert fails(f"{PUP}.Malformed", pup.Update, path="/nonexistent")["message"]
    assert fails(f"{PUP}.Cannot", pup.Cancel)["code"] == "nothing-pending"
    assert fails(f"{PUP}.Cannot", pup.Wait, update=77)["code"] == "no-update"
    # A oneway call has no reply: the next one is to the next call.
    pup.Status(_oneway=True)
    assert pup.Versions()["versions"]["program"]
    # A second call in the same connection, sent before the first was answered.
    pup.method, pup.more = "Status", False
    for _ in range(2):
        pup._send_message(json.dumps({"method": f"{PUP}.Status"}).encode())
    replies = [json.loads(next(pup._next_message())) for _ in range(2)]
    assert replies[0]["parameters"] == replies[1]["parameters"]


def look(pup, new):
    """The methods that only look."""
    assert pup.Stack()["stack"]["threads"]
    assert pup.Graph(path=new)["graph"]["nodes"]
    procedure = pup.Graph()["graph"]["nodes"][0]["name"]
    assert pup.Explain(procedure=procedure, path=new)["explanation"]["headline"]
    assert fails(f"{PUP}.Malformed", pup.Explain, procedure="nothing")["code"] == "no-procedure"


def update(pup, path, new):
    """Updates with events before the report, and follows the same update once more."""
    replies = list(pup.Update(path=new, waitSeconds=30.0, _more=True))
    assert all(reply.get("event") and not reply.get("report") for reply in replies[:-1])
    report = replies[-1]["report"]
    assert report["result"] == "updated" and (report["from"], report["to"]) == (1, 2), report
    assert pup.Update(path=new)["report"]["result"] == "already"
    assert pup.Wait(seconds=1.0)["report"]["id"] >= report["id"]
    again = list(pup.Watch(update=pup.Wait()["report"]["id"], _more=True))
    assert len(again) == 1 and again[0]["event"]["kind"] == "completed", again
    return report["id"]


def main(runtime, name, old, new):
    mapper = describe(f"{runtime}/mapper.socket", "pupmapper", MAPPER)
    record = mapper.Resolve(name=name, connecting=True)["program"]
    assert record["state"] == "live" and record["name"] == name, record
    assert fails(f"{MAPPER}.NoSuchProgram", mapper.Resolve, "nobody")["code"] == "no-such-program"
    path = record["endpoint"]
    pup = describe(path, "pup", PUP)
    assert pup.Status()["status"]["state"] == "loaded"
    assert pup.Load(path=old)["loaded"]["version"] == 1
    events, ended = [], []
    watcher = threading.Thread(target=watch, args=(path, events, ended))
    watcher.start()
    while not events:
        mapper.Resolve(name=name, connecting=True)
    assert events[0]["kind"] == "user", events
    status = pup.Run()["status"]
    assert status["state"] == "running" and status["target"]["pid"] > 1, status
    ask_wrongly(pup, path)
    look(pup, new)
    number = update(pup, path, new)
    assert pup.Stop(seconds=5.0)["status"]["state"] == "exited"
    watcher.join(20)
    assert ended == ["ended"], ended
    kinds = [event["kind"] for event in events]
    assert [kind for kind in kinds if kind in ("started", "completed", "exited")] == [
        "started", "completed", "exited"], kinds
    assert "accepted" in kinds and "paused" in kinds, kinds
    sequence = [event["sequence"] for event in events]
    assert sequence == list(range(sequence[0], sequence[0] + len(sequence))), sequence
    done = next(event for event in events if event["kind"] == "completed")
    assert done["update"] == number and done["report"]["result"] == "updated", done
    states = [one["state"] for one in mapper.List()["programs"]]
    assert states in (["ended"], ["live"]), states
    print("driven")


main(*sys.argv[1:])
