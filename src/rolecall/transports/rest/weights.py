"""How much a notice weighs while it waits: an estimate, in bytes, of the messages that it will become.

What many are told alike is weighed once, and the weight kept with the scene it shows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import msgspec

from rolecall.service.watching.watches import Notice, Scene, Told

_LEAST: Final = 512
_KEY: Final = ("weight",)


class _Weights(NamedTuple):
    """Of all that a scene shows, and of the call or channel alone."""

    whole: int
    place: int


def weight(notice: Notice) -> int:
    """Return how much a notice weighs; it is the same as long as the notice waits."""
    if notice.scene is None:
        return _LEAST
    scene = notice.scene.written.get(_KEY)
    if scene is None:
        scene = notice.scene.written[_KEY] = _weights(notice.scene)
    if isinstance(notice, Told) and notice.target.channel:
        # There is a message for each member, and each shows the channel.
        return scene.whole + len(notice.happening.user_ids) * (scene.place + _LEAST)
    return _LEAST + int(scene.whole)


def _weights(scene: Scene) -> _Weights:
    content = scene.content
    place = getattr(content, "channel", None) or getattr(content, "call", None)
    return _Weights(_size(content), _size(place))


def _size(thing: Any) -> int:
    return len(msgspec.msgpack.encode(thing, enc_hook=_plain))


def _plain(thing: Any) -> Any:
    return dict(thing) if isinstance(thing, Mapping) else repr(thing)
