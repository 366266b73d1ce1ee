"""The capability tables a second time, as text: what tests hold the domain against.

Plain names only: no masks, no domain classes.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class CallRow(NamedTuple):
    """One capability of a call: the permission id of its action, and the setting that takes it away, if any."""

    action: str
    setting: str | None


class ChannelRow(NamedTuple):
    """One capability of a channel.

    `ownership`: `channel` the creator owns; `own` as if the subject wrote it; `others` as if not; "" no action at all.
    """

    actions: tuple[str, ...]
    ownership: str
    flag: str | None
    sends: bool
    slow: bool


_CALL: Final = """
block-users                    block-user                   -
change-max-duration            change-max-duration          -
create-call                    create-call                  -
create-reaction                create-call-reaction         -
enable-noise-cancellation      enable-noise-cancellation    audio.noise_cancellation.mode
end-call                       end-call                     -
join-backstage                 join-backstage               -
join-call                      join-call                    -
join-ended-call                join-ended-call              -
kick-user                      kick-user                    -
mute-users                     mute-users                   -
pin-for-everyone               pin-call-track               -
read-call                      read-call                    -
remove-call-member             remove-call-member           -
screenshare                    screenshare                  screensharing.enabled
send-audio                     send-audio                   -
send-closed-captions-call      send-closed-captions         transcription.closed_caption_mode
send-video                     send-video                   video.enabled
start-broadcast-call           start-broadcasting           broadcasting.enabled
start-closed-captions-call     start-closed-captions        transcription.closed_caption_mode
start-frame-record-call        start-frame-recording        frame_recording.mode
start-individual-record-call   start-individual-recording   individual_recording.mode
start-raw-record-call          start-raw-recording          raw_recording.mode
start-record-call              start-recording              recording.mode
start-transcription-call       start-transcription          transcription.mode
stop-broadcast-call            stop-broadcasting            broadcasting.enabled
stop-closed-captions-call      stop-closed-captions         transcription.closed_caption_mode
stop-frame-record-call         stop-frame-recording         frame_recording.mode
stop-individual-record-call    stop-individual-recording    individual_recording.mode
stop-raw-record-call           stop-raw-recording           raw_recording.mode
stop-record-call               stop-recording               recording.mode
stop-transcription-call        stop-transcription           transcription.mode
update-call                    update-call                  -
update-call-member             update-call-member           -
update-call-permissions        update-call-permissions      -
update-call-settings           update-call-settings         -
"""

_CHANNEL: Final = """
ban-channel-members                ban-channel-member                                   channel -                -
cast-poll-vote                     cast-vote                                            channel polls            -
connect-events                     -                                                    -       connect_events   -
create-attachment                  create-attachment                                    channel -                -
create-mention                     create-mention                                       channel -                -
delete-any-message                 delete-message                                       others  -                -
delete-channel                     delete-channel                                       channel -                -
delete-own-message                 delete-message                                       own     -                -
delivery-events                    -                                                    -       delivery_events  -
flag-message                       flag-message                                         channel -                -
freeze-channel                     update-channel-frozen                                channel -                -
join-channel                       add-own-channel-membership+update-channel-members    channel -                -
leave-channel                      remove-own-channel-membership+update-channel-members channel -                -
mute-channel                       mute-channel                                         channel -                -
notify-channel                     notify-channel                                       channel -                -
notify-group                       notify-group                                         channel -                -
notify-here                        notify-here                                          channel -                -
notify-role                        notify-role                                          channel -                -
pin-message                        pin-message                                          channel -                -
query-poll-votes                   query-votes                                          channel polls            -
quote-message                      create-message                                       channel quotes           -
read-events                        -                                                    -       read_events      -
search-messages                    read-channel                                         channel search           -
send-custom-events                 send-custom-event                                    channel custom_events    -
send-links                         add-links                                            channel -                -
send-message                       create-message                                       channel -                sends
send-poll                          send-poll                                            channel polls            sends
send-reaction                      create-reaction                                      channel reactions        sends
send-reply                         create-reply                                         channel replies          sends
send-restricted-visibility-message create-restricted-visibility-message                 channel -                -
send-typing-events                 -                                                    -       typing_events    -
set-channel-cooldown               update-channel-cooldown                              channel -                -
share-location                     share-location                                       channel shared_locations -
skip-slow-mode                     skip-channel-cooldown                                channel -                -
slow-mode                          -                                                    -       -                slow
typing-events                      -                                                    -       typing_events    -
update-any-message                 update-message                                       others  -                -
update-channel                     update-channel                                       channel -                -
update-channel-members             update-channel-members                               channel -                -
update-own-message                 update-message                                       own     -                -
update-thread                      update-thread                                        own     -                -
upload-file                        upload-attachment                                    channel uploads          -
"""


def _cell(text: str) -> str | None:
    return None if text == "-" else text


def _call_rows() -> dict[str, CallRow]:
    rows = (line.split() for line in _CALL.strip().splitlines())
    return {capability: CallRow(action, _cell(setting)) for capability, action, setting in rows}


def _channel_rows() -> dict[str, ChannelRow]:
    rows = (line.split() for line in _CHANNEL.strip().splitlines())
    return {
        capability: ChannelRow(
            () if actions == "-" else tuple(actions.split("+")),
            _cell(ownership) or "",
            _cell(flag),
            state == "sends",
            state == "slow",
        )
        for capability, actions, ownership, flag, state in rows
    }


CALL_CAPABILITIES: Final = _call_rows()
CHANNEL_CAPABILITIES: Final = _channel_rows()
