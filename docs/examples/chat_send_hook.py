r"""The send hook of a chat server: a message is taken only if its author may send all that is in it.

Try it beside `make run`:

    export ROLECALL_API_KEY=… ROLECALL_TOKEN=…
    printf 'bob hello\nmallory see https://example.org\n' | python docs/examples/chat_send_hook.py messaging:general
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

from rolecall.client import Check, Client, RolecallClientError


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
    return [check.capability for check, answer in zip(checks, answers, strict=True) if not answer]


def main(channel: str) -> None:
    """Read `USER TEXT` lines as if a chat server sent them, and say what becomes of each."""
    address = os.environ.get("ROLECALL_ADDRESS", "127.0.0.1:50051")
    key, token = os.environ["ROLECALL_API_KEY"], os.environ["ROLECALL_TOKEN"]
    with Client(address, key=key, token=token) as client:
        for line in sys.stdin:
            user_id, _, text = line.rstrip("\n").partition(" ")
            missing = lacking(client, channel, user_id, text)
            print(f"{user_id}: {'refused, lacks ' + ', '.join(missing) if missing else 'sent'}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
