"""Who calls: API keys and HS256 tokens, verified, remembered while they live, and revocable at once.

A valid token without `user_id` is a server-side caller, to whom everything in the app is allowed. With `user_id` the
caller is that user; without a token, where a transport lets one in, the user that is nobody. Every failure is
Unauthenticated and says which check failed; never more than that.
"""

from __future__ import annotations

import json
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, cast

import jwt
from jwt.algorithms import HMACAlgorithm

from rolecall.domain.errors import RolecallError, Unauthenticated
from rolecall.domain.facts import ANONYMOUS, User
from rolecall.domain.names import check_id, check_role_name
from rolecall.domain.roles import DEFAULT_CALL_ROLE, DEFAULT_CHANNEL_ROLE, canonical
from rolecall.service.cache import MISSING, USER
from rolecall.service.index import Index
from rolecall.service.state import AppState

NANOSECONDS: Final = 1_000_000_000
_REMEMBERED: Final = 10_000
_MAX_TOKEN_BYTES: Final = 8_192
_MAX_CIDS: Final = 100
_LONGEST_REMEMBERED: Final = 1_024  # longer tokens are checked each time: what is remembered stays small
_ISSUED_AHEAD_SECONDS: Final = 5
_LATEST: Final = 1e12
_FOREVER: Final = float("inf")


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated caller. `user_id` "" is server side. Token roles count only on the calls and channels named."""

    app_id: int
    user_id: str = ""
    call_cids: frozenset[str] = frozenset()
    channel_cids: frozenset[str] = frozenset()
    role: str = ""

    @property
    def server_side(self) -> bool:
        """Whether everything within the app is allowed."""
        return not self.user_id

    @property
    def anonymous(self) -> bool:
        """Whether the caller is nobody in particular: it has the role `anonymous`, and can't own anything."""
        return self.user_id == ANONYMOUS.id

    def role_on_call(self, cid: str) -> str | None:
        """Return the role a call token carries for this call."""
        return (self.role or DEFAULT_CALL_ROLE) if cid in self.call_cids else None

    def role_on_channel(self, cid: str) -> str | None:
        """Return the role a channel token carries for this channel."""
        return (self.role or DEFAULT_CHANNEL_ROLE) if cid in self.channel_cids else None


class _Token(NamedTuple):
    """A verified token. Times are Unix seconds; `secret` is the one it was signed with, "" when unchecked."""

    caller: Caller
    secret: str
    expires: float | None
    not_before: float | None
    issued: float | None


def _refuse(reason: str, message: str) -> Unauthenticated:
    return Unauthenticated(message, reason=reason)


class Callers:
    """Authenticates. `dev` is the server's development mode, without which `disable_auth_checks` has no effect."""

    def __init__(self, index: Index, *, dev: bool = False, clock: Callable[[], int] = time.time_ns) -> None:
        self._index = index
        self._dev = dev
        self._clock = clock
        self._tokens: OrderedDict[tuple[str, str], _Token] = OrderedDict()
        self._passed: dict[tuple[str, str], tuple[int, int, float, Caller]] = {}

    def app_of(self, key: str) -> int | None:
        """Return the number of the app that has an API key, None when none has."""
        app = self._index.app_by_key(key)
        return None if app is None else app.id

    def anonymous(self, key: str) -> Caller:
        """Return the caller without a token: the user `!anon`, who is stored nowhere."""
        return Caller(self._app(key).id, ANONYMOUS.id)

    def expires(self, key: str, authorization: str) -> float | None:
        """Return when a token that was authenticated ends, in Unix seconds; None when it does not say."""
        return self._token(self._app(key), key, authorization).expires

    async def user(self, caller: Caller) -> User | None:
        """Return the facts of a caller's user, None when there is no such user."""
        name = USER, caller.app_id, caller.user_id
        while (user := self._index.cache.get(name)) is MISSING:
            await self._index.fetch(caller.app_id, [name])
        return cast("User | None", user)

    async def authenticate(self, key: str, authorization: str, *, trusted_peer: bool = False) -> Caller:
        """Return the caller that an API key and an authorization value name; a trusted peer needs no token."""
        while (caller := self.known(key, authorization, trusted_peer=trusted_peer)) is None:
            app = self._index.app_by_key(key)
            if app is not None:
                user_id = self._token(app, key, authorization).caller.user_id
                await self._index.fetch(app.id, [(USER, app.id, user_id)])
        return caller

    def known(self, key: str, authorization: str, *, trusted_peer: bool = False) -> Caller | None:
        """Authenticate without awaiting; None when the user of a token has to be fetched first."""
        app = self._index.app_by_key(key) or self._app(key)
        passed = self._passed.get((key, authorization))
        if passed is not None:
            # Nothing of the app has changed since this token passed every check, and it has not expired.
            app_id, revision, until, caller = passed
            if revision == app.revision and app_id == app.id and self._clock() < until:
                return caller
        if not authorization:
            if trusted_peer:
                return Caller(app.id)
            raise _refuse("TOKEN_MISSING", "a token is required in `authorization`")
        token = self._token(app, key, authorization)
        self._check_times(app, token)
        if token.caller.server_side:
            if len(authorization) <= _LONGEST_REMEMBERED:
                self._remember_passed(app, (key, authorization), token)
            return token.caller
        return self._user(app, token)

    def _app(self, key: str) -> AppState:
        if not key:
            raise _refuse("API_KEY_MISSING", "an api key is required in `x-api-key`")
        app = self._index.app_by_key(key)
        if app is None:
            raise _refuse("API_KEY_UNKNOWN", "api key is invalid")
        return app

    def _remember_passed(self, app: AppState, name: tuple[str, str], token: _Token) -> None:
        if len(self._passed) >= _REMEMBERED:
            self._passed.clear()
        until = _FOREVER if token.expires is None else token.expires * NANOSECONDS
        self._passed[name] = app.id, app.revision, until, token.caller

    def _user(self, app: AppState, token: _Token) -> Caller | None:
        """Return the user of a token, None when its facts have to be fetched first."""
        user: User | None = self._index.cache.get((USER, app.id, token.caller.user_id))
        if user is MISSING:
            return None
        if user is not None:
            _check_revoked(token, user.tokens_valid_from)
        return token.caller

    def _token(self, app: AppState, key: str, authorization: str) -> _Token:
        """Return the verified token, remembered or checked now; a secret that was rotated out no longer counts."""
        name = (key, authorization)
        token = self._tokens.get(name)
        if token is not None and token.caller.app_id == app.id and self._still_counts(app, token):
            return token
        token = self._verify(app, _bare(authorization))
        if len(authorization) > _LONGEST_REMEMBERED:
            return token
        if len(self._tokens) >= _REMEMBERED:
            self._tokens.popitem(last=False)
        self._tokens[name] = token
        return token

    def _still_counts(self, app: AppState, token: _Token) -> bool:
        return token.secret in app.secrets or self._unchecked(app)

    def _unchecked(self, app: AppState) -> bool:
        return app.disable_auth_checks and self._dev

    def _verify(self, app: AppState, token: str) -> _Token:
        if len(token) > _MAX_TOKEN_BYTES:
            raise _refuse("TOKEN_MALFORMED", f"the token is longer than {_MAX_TOKEN_BYTES} bytes")
        if self._unchecked(app):
            return _read(app, _decode(token, "", verify=False), "")
        for secret in app.secrets:
            claims = _decode(token, secret)
            if claims is not None:
                return _read(app, claims, secret)
        raise _refuse(
            "TOKEN_SIGNATURE_INVALID",
            "signature is not valid; make sure the token is created using the secret of this api key",
        )

    def _check_times(self, app: AppState, token: _Token) -> None:
        """Check what time can change; done on every call, also for a remembered token."""
        now = self._clock() / NANOSECONDS
        if token.expires is not None and now >= token.expires:
            raise _refuse("TOKEN_EXPIRED", "token is expired (exp)")
        if token.not_before is not None and now < token.not_before:
            raise _refuse("TOKEN_NOT_YET_VALID", "token is not valid yet (nbf)")
        if token.issued is not None and token.issued > now + _ISSUED_AHEAD_SECONDS:
            raise _refuse("TOKEN_USED_BEFORE_ISSUED", "token was issued in the future (iat)")
        _check_revoked(token, app.tokens_valid_from)


def _check_revoked(token: _Token, valid_from: int | None) -> None:
    """Refuse a token issued before `valid_from` (Unix nanoseconds).

    A user's token that does not say when it was issued counts as older. A server's does not: Stream's SDKs never say,
    and one who makes them has the secret. Taking the secret away is what ends those.
    """
    if valid_from is None or (token.issued is None and token.caller.server_side):
        return
    if token.issued is None or token.issued * NANOSECONDS < valid_from:
        raise _refuse("TOKEN_REVOKED", "token was issued before tokens were revoked")


def _bare(authorization: str) -> str:
    scheme, _, rest = authorization.partition(" ")
    return rest.strip() if rest and scheme.lower() == "bearer" else authorization.strip()


class _AnyLength(HMACAlgorithm):
    """HS256 with secrets of any length: apps bring their own, and short ones occur."""

    def check_key_length(self, key: Any) -> str | None:
        return None


_JWS: Final = jwt.PyJWS(algorithms=["HS256"])
_JWS.unregister_algorithm("HS256")
_JWS.register_algorithm("HS256", _AnyLength(HMACAlgorithm.SHA256))


def _decode(token: str, secret: str, *, verify: bool = True) -> dict[str, Any] | None:
    """Return the claims, None when the signature does not fit; only HS256 is accepted, `none` never."""
    try:
        payload = _JWS.decode(token, secret.encode(), algorithms=["HS256"], options={"verify_signature": verify})
        claims = json.loads(payload)
    except jwt.InvalidAlgorithmError:
        raise _refuse("TOKEN_ALGORITHM_INVALID", "token must be signed with HS256") from None
    except jwt.InvalidSignatureError:
        return None
    except (jwt.PyJWTError, ValueError, RecursionError):
        raise _malformed(token) from None
    if not isinstance(claims, dict):
        raise _malformed(token)
    return claims


def _malformed(token: str) -> Unauthenticated:
    return Unauthenticated(
        "token is malformed: it must be a JWT, three base64url parts with dots between",
        reason="TOKEN_MALFORMED",
        metadata={"segments": str(token.count(".") + 1)},
    )


def _read(app: AppState, claims: dict[str, Any] | None, secret: str) -> _Token:
    """Turn claims into a caller, refusing what is not of the right shape rather than guessing."""
    claims = claims or {}
    user_id = claims.get("user_id", "")
    if "user_id" in claims:
        user_id = _user_id(user_id)
    role = canonical(_role(claims.get("role", "")))
    caller = Caller(app.id, user_id, _cids(claims, "call_cids"), _cids(claims, "channel_cids"), role)
    return _Token(caller, secret, _time(claims, "exp"), _time(claims, "nbf"), _time(claims, "iat"))


def _claim(name: str, wanted: str) -> Unauthenticated:
    return _refuse("TOKEN_CLAIM_INVALID", f"claim `{name}` must be {wanted}")


def _user_id(value: object) -> str:
    """Return the user's id; an empty or odd one is refused, lest a user's token pass for a server's."""
    if not isinstance(value, str):
        raise _claim("user_id", "text")
    try:
        check_id(value, "user_id")
    except (RolecallError, UnicodeEncodeError):
        raise _claim("user_id", "an id of 1 to 255 bytes without control characters") from None
    if value == ANONYMOUS.id:
        raise _claim("user_id", f"a user's id, and {ANONYMOUS.id} is who calls without a token")
    return value


def _role(value: object) -> str:
    """Return the role that a token carries, "" for none; one that does not exist holds nothing."""
    if value is None or value == "":
        return ""
    try:
        if isinstance(value, str):
            return check_role_name(value, "role")
    except RolecallError:
        pass
    raise _claim("role", "the name of a role")


def _time(claims: dict[str, Any], name: str) -> float | None:
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < _LATEST:
        raise _claim(name, "a Unix time in seconds")
    return float(value)


def _cids(claims: dict[str, Any], name: str) -> frozenset[str]:
    value = claims.get(name)
    if value is None:
        return frozenset()
    if not isinstance(value, list) or len(value) > _MAX_CIDS or not all(isinstance(item, str) for item in value):
        raise _claim(name, f"a list of at most {_MAX_CIDS} cids")
    return frozenset(value)


def make_token(secret: str, claims: dict[str, Any]) -> str:
    """Sign claims with an app's secret: no claims for a server token, `user_id` and the rest for a user's."""
    return _JWS.encode(json.dumps(claims, separators=(",", ":")).encode(), secret.encode(), algorithm="HS256")
