"""What WebSocket clients are told: how long texts that many are sent are kept."""

from __future__ import annotations

from rolecall.service.watching.watches import Scene
from rolecall.transports.rest.events import Written


def test_the_oldest_texts_are_let_go_of_although_their_scene_stays() -> None:
    kept, scenes = Written(most=10), [Scene(None, place) for place in range(4)]
    for scene in scenes[:3]:
        kept.keep(scene, "chat", ["four"])
    assert [list(scene.written) for scene in scenes] == [[], ["chat"], ["chat"], []]
    kept.keep(scenes[2], "video", ["two", "2"])
    assert [list(scene.written) for scene in scenes] == [[], [], ["chat", "video"], []]
    kept.keep(scenes[3], "chat", ["longer than all of it"])
    assert [dict(scene.written) for scene in scenes] == [{}, {}, {}, {}]
