"""The last two rules of channels under permission version v2: the grant of a role allows, or its absence denies."""

from __future__ import annotations

from rolecall.domain.channel_capabilities import Ownership, row_of
from rolecall.domain.channel_case import ChannelCase, granted_rows, owns_in
from rolecall.domain.channel_states import with_thaw
from rolecall.domain.decision import EVERYTHING, Decision, Reason, Rule
from rolecall.domain.shared_rules import OBSTACLES, grant_detail, grant_remedy
from rolecall.domain.subject import NO_GRANT, granting, obstacle


class RoleGranted(Rule):
    """The v2 decision on one of the row's actions."""

    name = "role_grant"
    verdict = Decision(allowed=True, reason=Reason.ROLE_GRANT)

    @staticmethod
    def speaks(case: ChannelCase, asked: int) -> int:
        return granted_rows(case, asked)

    @classmethod
    def decide(cls, case: ChannelCase, asked: int) -> Decision:
        row = row_of(asked)
        return granting(case.holding, owns_in(row.ownership, case.owns), case.team, row.actions)

    @staticmethod
    def detail(case: ChannelCase, asked: int) -> str:
        row = row_of(asked)
        return grant_detail(case, owns_in(row.ownership, case.owns), row.actions)


class Otherwise(Rule):
    """Default deny; says what stood in the way."""

    name = "otherwise"
    verdict = NO_GRANT

    @staticmethod
    def speaks(case: ChannelCase, asked: int) -> int:
        return EVERYTHING

    @classmethod
    def decide(cls, case: ChannelCase, asked: int) -> Decision:
        row = row_of(asked)
        return obstacle(case.holding, owns_in(row.ownership, case.owns), case.team, row.actions)

    @staticmethod
    def detail(case: ChannelCase, asked: int) -> str:
        return OBSTACLES[Otherwise.decide(case, asked).reason]

    @staticmethod
    def remedy(case: ChannelCase, asked: int) -> str:
        row = row_of(asked)
        ownable = row.ownership is not Ownership.OTHERS_MESSAGE
        remedy = grant_remedy(case, owns_in(row.ownership, case.owns), row.actions, ownable=ownable)
        return with_thaw(case, row, remedy)
