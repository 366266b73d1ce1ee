r"""The send hook of a chat server: a message is taken only if its author may send all that is in it.

Try it beside `make run`:

    export ROLECALL_API_KEY=… ROLECALL_TOKEN=…
    printf 'bob hello\nmallory see https://example.org\n' | python docs/examples/chat_send_hook.py messaging:general
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import suppress

from rolecall.client import Check, CheckError, Client, RolecallClientError, Unavailable


def needed(text: str) -> Iterator[str]:
    """Yield the capabilities that a message takes."""
    yield "send-message"
    if "://" in text:
        yield "send-links"
    if any(word.startswith("@") for word in text.split()):
        yield "create-mention"


def lacking(client: Client, channel: str, user_id: str, text: str) -> list[str]:
    """Return what the author of a message lacks: one request, answered from one state of the world."""
    checks = [Check(user_id, capability, channel=channel) for capability in needed(text)]
    try:
        answers = client.check_many(checks, timeout=0.25)
    except RolecallClientError:
        return ["an answer"]  # no answer is never a yes
    if any(isinstance(answer, CheckError) for answer in answers):
        return ["an answer"]
    return [check.capability for check, answer in zip(checks, answers, strict=True) if not answer]


def hear(client: Client, channel: str, line: bytes) -> str:
    """Return what becomes of `USER TEXT`."""
    try:
        user_id, text = line.decode().rstrip("\n").split(" ", 1)
    except ValueError:  # one word, or no UTF-8
        return f"{line!r}: refused, a line is USER TEXT"
    missing = lacking(client, channel, user_id, text)
    return f"{user_id}: {'refused, lacks ' + ', '.join(missing) if missing else 'sent'}"


def main(channel: str) -> None:
    """Read lines as if a chat server sent them, and say what becomes of each."""
    address = os.environ.get("ROLECALL_ADDRESS", "127.0.0.1:50051")
    key, token = os.environ.get("ROLECALL_API_KEY", ""), os.environ.get("ROLECALL_TOKEN", "")
    with Client(address, key=key, token=token) as client:
        with suppress(Unavailable):  # a server that comes later is waited for; till then all is refused
            client.check("nobody", "send-message", channel=channel)  # else a wrong key is a no to everybody
        for line in sys.stdin.buffer:
            print(hear(client, channel, line), flush=True)


if __name__ == "__main__":
    if len(sys.argv[1:]) != 1:
        sys.exit("usage: chat_send_hook.py CHANNEL")
    try:
        main(sys.argv[1])
    except RolecallClientError as error:  # such as a wrong key, or no such type of channel
        sys.exit(f"chat_send_hook.py: {error}")
