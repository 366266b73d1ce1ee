"""Every question about a small app, and what the oracle answers to all of them: the matrix a step is compared by."""

from __future__ import annotations

from typing import Final, NamedTuple

from rolecall.domain import call_capabilities
from rolecall.domain.errors import InvalidInput, NotFound, RolecallError
from rolecall.service.authorizer import Authorizer
from rolecall.service.callers import Caller
from rolecall.service.questions import Question
from tests import oracle
from tests.domain_door import as_answer
from tests.oracle import Answer, World
from tests.tables import CALL_CAPABILITIES, CHANNEL_CAPABILITIES
from tests.worlds import PERMISSIONS, STRANGER, USERS

CALLS: Final = ("default:one", "hall:two", "hall:never-stored")
CHANNELS: Final = ("messaging:one", "desk:two", "desk:never-stored")
ASKERS: Final = (*USERS, STRANGER)
NOW: Final = 500 * oracle.SECOND

NOT_FOUND: Final = Answer(False, "NOT_FOUND")
NO_SUCH: Final = Answer(False, "INVALID_ARGUMENT")
CUSTOM: Final = PERMISSIONS[:3]
"""Ids of custom permissions, which may exist or not."""
OF_CALLS: Final = (
    "send-event",
    "delete-call",
    "update-call-owner",
    "list-recordings-any-team",
    "join-call-owner",
    *CUSTOM,
)
OF_CHANNELS: Final = ("delete-message-owner", "create-message", "update-thread", "delete-reaction-any-team", *CUSTOM)
OF_TWO: Final = frozenset({"join-channel", "leave-channel"})
"""Capabilities that follow from either of two actions; the rules leave open which one is named."""
OF_APP: Final = ("search-user", "update-user-owner", "create-call", "update-user-role", "ban-user-any-team", *CUSTOM)


class Cell(NamedTuple):
    """Who is asked about, and where; neither call nor channel: the app."""

    user: str
    call: str = ""
    channel: str = ""


class Answers(NamedTuple):
    """All answers of one cell: the verdicts on everything asked there, the list, and admission."""

    verdicts: tuple[Answer, ...]
    listed: frozenset[str] | None
    admission: Answer | None


CELLS: Final = tuple(
    cell
    for user in ASKERS
    for cell in (
        Cell(user),
        *(Cell(user, call=cid) for cid in CALLS),
        *(Cell(user, channel=cid) for cid in CHANNELS),
    )
)


def _asked(cell: Cell) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what is asked without an author, and what is asked with the user as the author."""
    if cell.call:
        return (*CALL_CAPABILITIES, *OF_CALLS), OF_CALLS
    if cell.channel:
        return (*CHANNEL_CAPABILITIES, *OF_CHANNELS), OF_CHANNELS
    return OF_APP, OF_APP


# --- the oracle's ----------------------------------------------------------------------------------------------------


def matrix(world: World) -> dict[Cell, Answers]:
    """Return the answers to every question, by the oracle."""
    return {cell: _expected(world, cell) for cell in CELLS}


def _expected(world: World, cell: Cell) -> Answers:
    plain, owned = _asked(cell)
    types = "call_types" if cell.call else "channel_types"
    if (cell.call or cell.channel) and (cell.call or cell.channel).split(":")[0] not in world[types]:
        return Answers((NOT_FOUND,) * len((*plain, *owned)), None, NOT_FOUND if cell.call else None)
    base = {"user": cell.user, "call": cell.call, "channel": cell.channel}
    verdicts = [_comparable(name, _answer(world, {**base, "capability": name})) for name in plain]
    verdicts += [_answer(world, {**base, "capability": name, "resource_owner": cell.user}) for name in owned]
    return Answers(
        tuple(verdicts),
        _listed(cell, plain, verdicts),
        oracle.admission(world, {**base, "now": NOW}) if cell.call else None,
    )


def _answer(world: World, question: oracle.Question) -> Answer:
    name = question["capability"]
    return NO_SUCH if name in CUSTOM and name not in world["permissions"] else oracle.check(world, question)


def _comparable(capability: str, answer: Answer) -> Answer:
    """Return an answer without what the rules leave open."""
    if capability not in OF_TWO:
        return answer
    return answer._replace(permission=answer.permission.removeprefix(oracle.action_of(answer.permission)))


def _listed(cell: Cell, plain: tuple[str, ...], verdicts: list[Answer]) -> frozenset[str] | None:
    """Return the capabilities among the verdicts that are allowed; the app has none."""
    if not (cell.call or cell.channel):
        return None
    table = CALL_CAPABILITIES if cell.call else CHANNEL_CAPABILITIES
    asked = zip(plain, verdicts[: len(plain)], strict=True)
    return frozenset(name for name, answer in asked if answer.allowed and name in table)


def roster(world: World, cid: str) -> dict[str, tuple[str, frozenset[str]]]:
    """Return the members of a call, each with role and capabilities, by the oracle."""
    members = world["calls"].get(cid, {}).get("members", {})
    return {
        user: (role, frozenset(oracle.capabilities(world, {"user": user, "call": cid})))
        for user, role in members.items()
    }


# --- the service's ---------------------------------------------------------------------------------------------------


class Answered(NamedTuple):
    """Part of what the service answers in one cell, and the revision it says that it is from."""

    cell: Cell
    part: str
    answer: object
    revision: int
    place: int | None = None

    def differs(self, expected: Answers) -> str:
        """Say in words what is wrong with it; "" when nothing is."""
        wanted = getattr(expected, self.part)
        if self.place is not None:
            wanted = wanted[self.place]
        if self.answer == wanted:
            return ""
        if self.part == "verdicts" and self.place is not None:
            name = [*_asked(self.cell)[0], *_asked(self.cell)[1]][self.place]
            return f"{self.cell} {name} at revision {self.revision}: {self.answer}, not {wanted}"
        if isinstance(self.answer, tuple) and self.part == "verdicts":
            plain, owned = _asked(self.cell)
            rows = zip((*plain, *owned), self.answer, wanted, strict=True)
            wrong = [f"{name}: {got}, not {right}" for name, got, right in rows if got != right]
            return f"{self.cell} at revision {self.revision}: " + "; ".join(wrong)
        return f"{self.cell} {self.part} at revision {self.revision}: {self.answer}, not {wanted}"


async def ask(authorizer: Authorizer, caller: Caller, cell: Cell) -> list[Answered]:
    """Ask everything about one cell."""
    plain, owned = _asked(cell)
    question = Question(cell.user, cell.call, cell.channel)
    author = question._replace(author=cell.user)
    asked = [(question, name) for name in plain] + [(author, name) for name in owned]
    results, revision = await authorizer.check_all(caller, asked)
    verdicts = tuple(_comparable(name, _plain(result)) for (_, name), result in zip(asked, results, strict=True))
    answers = [Answered(cell, "verdicts", verdicts, revision)]
    for place, (one, name) in enumerate(asked):
        answer, revision = await _check(authorizer, caller, one, name)
        answers.append(Answered(cell, "verdicts", _comparable(name, answer), revision, place))
    if cell.call or cell.channel:
        answers.append(await _list(authorizer, caller, cell, question))
    if cell.call:
        answers.append(await _admission(authorizer, caller, cell, question))
    return answers


def _plain(result: object) -> Answer:
    if isinstance(result, RolecallError):
        return _refusal(result)
    return as_answer(result)  # type: ignore[arg-type]


def _refusal(error: RolecallError) -> Answer:
    assert isinstance(error, NotFound | InvalidInput), error
    return NOT_FOUND if isinstance(error, NotFound) else NO_SUCH


async def _check(authorizer: Authorizer, caller: Caller, question: Question, name: str) -> tuple[Answer, int]:
    try:
        decision, revision = await authorizer.check(caller, question, name)
    except (NotFound, InvalidInput) as error:
        return _refusal(error), _revision(authorizer, caller)
    return as_answer(decision), revision


async def _list(authorizer: Authorizer, caller: Caller, cell: Cell, question: Question) -> Answered:
    try:
        names, revision = await authorizer.capabilities(caller, question)
    except NotFound:
        return Answered(cell, "listed", None, _revision(authorizer, caller))
    assert names == sorted(set(names))
    return Answered(cell, "listed", frozenset(names), revision)


async def _admission(authorizer: Authorizer, caller: Caller, cell: Cell, question: Question) -> Answered:
    try:
        admission, revision = await authorizer.admission(caller, question)
    except NotFound:
        return Answered(cell, "admission", NOT_FOUND, _revision(authorizer, caller))
    return Answered(cell, "admission", as_answer(admission.decision), revision)


def _revision(authorizer: Authorizer, caller: Caller) -> int:
    """Return the revision of an answer that was an error: nothing has awaited since."""
    return authorizer._index.app(caller.app_id).revision  # noqa: SLF001


async def ask_roster(authorizer: Authorizer, caller: Caller, cid: str) -> tuple[dict[str, object], int]:
    """Ask for the members of a call with role and capabilities."""
    entries, revision = await authorizer.roster(caller, cid, ASKERS)
    rows = {entry.user_id: (entry.role, frozenset(call_capabilities.names(entry.actions))) for entry in entries}
    return dict(rows), revision
