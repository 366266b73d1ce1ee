"""The writes of Rolecall, and the reads that are no decisions: everything an app's owner keeps here.

One write is one transaction and one revision. Servers may write everything in their app; what a user may write is
answered by the authorizer, from the same rules as any other question. No transport and no SQL here.
"""

from __future__ import annotations

from typing import Final

from rolecall.service.administration.access import Access
from rolecall.service.administration.apps import Apps, create_app, finish_rotation, list_apps, rotate_secret
from rolecall.service.administration.calls.calls import Calls
from rolecall.service.administration.channels.channels import Channels
from rolecall.service.administration.channels.queries import ChannelQueries
from rolecall.service.administration.channels.updates import ChannelUpdates
from rolecall.service.administration.permissions import Permissions
from rolecall.service.administration.permit import Permit
from rolecall.service.administration.roles import Roles
from rolecall.service.administration.rosters import Rosters
from rolecall.service.administration.scenes import Scenes
from rolecall.service.administration.tasks import Tasks
from rolecall.service.administration.types import CallTypes, ChannelTypes
from rolecall.service.administration.users.users import Users
from rolecall.service.administration.users.visitors import Visitors
from rolecall.service.authorizer import Authorizer
from rolecall.service.index import Index
from rolecall.store import Store

__all__ = ["Administration", "create_app", "finish_rotation", "list_apps", "rotate_secret"]

MAX_CUSTOM_ROLES: Final = 1_000
MAX_CUSTOM_PERMISSIONS: Final = 1_000


class Administration:
    """All of it, wired: one attribute for each kind of thing. `dev` is the server's development mode."""

    def __init__(
        self,
        store: Store,
        index: Index,
        authorizer: Authorizer,
        *,
        max_custom_roles: int = MAX_CUSTOM_ROLES,
        max_custom_permissions: int = MAX_CUSTOM_PERMISSIONS,
        dev: bool = False,
    ) -> None:
        access, permit = Access(store, index), Permit(authorizer)
        self.apps = Apps(access, dev=dev)
        self.roles = Roles(access, max_custom_roles)
        self.permissions = Permissions(access, max_custom_permissions)
        self.call_types = CallTypes(access)
        self.channel_types = ChannelTypes(access)
        self.users = Users(access, permit)
        self.tasks = Tasks(access)
        self.visitors = Visitors(access, permit)
        self.calls = Calls(access, permit)
        self.channels = Channels(access, permit)
        self.channel_updates = ChannelUpdates(access, permit)
        self.channel_queries = ChannelQueries(access, permit)
        self.scenes = Scenes(access, authorizer)
        self.rosters = Rosters(access)
