-- Times are Unix nanoseconds. Columns of JSON hold text. A `key` is never reused, so what is remembered about a
-- deleted call or user can't be met again.

CREATE TABLE apps (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    revision INTEGER NOT NULL,
    permission_version TEXT NOT NULL,
    multi_tenant_enabled INTEGER NOT NULL,
    disable_permissions_checks INTEGER NOT NULL,
    disable_auth_checks INTEGER NOT NULL,
    user_search_disallowed_roles TEXT NOT NULL,
    revoke_tokens_issued_before INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE api_keys (
    key TEXT PRIMARY KEY,
    app_id INTEGER NOT NULL REFERENCES apps (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX api_keys_by_app ON api_keys (app_id);

-- Several secrets of an app are live at once while one replaces another.
CREATE TABLE app_secrets (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    app_id INTEGER NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
    secret TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (app_id, secret)
) STRICT;

-- Custom roles only.
CREATE TABLE roles (
    app_id INTEGER NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (app_id, name)
) STRICT, WITHOUT ROWID;

-- scope: `video:<call type>`, `<channel type>` or `.app`.
CREATE TABLE types (
    app_id INTEGER NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
    scope TEXT NOT NULL,
    settings TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    PRIMARY KEY (app_id, scope)
) STRICT;

CREATE TABLE grants (
    app_id INTEGER NOT NULL,
    scope TEXT NOT NULL,
    role TEXT NOT NULL,
    permissions TEXT NOT NULL,
    PRIMARY KEY (app_id, scope, role),
    FOREIGN KEY (app_id, scope) REFERENCES types (app_id, scope) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE users (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    app_id INTEGER NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
    id TEXT NOT NULL,
    role TEXT NOT NULL,
    teams TEXT NOT NULL,
    teams_role TEXT NOT NULL,
    custom TEXT NOT NULL,
    banned INTEGER NOT NULL,
    deactivated INTEGER NOT NULL,
    revoke_tokens_issued_before INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (app_id, id)
) STRICT;
CREATE INDEX users_by_role ON users (app_id, role, id);
CREATE INDEX users_with_teams_role ON users (app_id) WHERE teams_role <> '{}';

-- The type is the start of the cid, so the unique index finds a type's calls too.
CREATE TABLE calls (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    app_id INTEGER NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
    cid TEXT NOT NULL,
    created_by_id TEXT NOT NULL,
    team TEXT NOT NULL,
    settings TEXT NOT NULL,
    backstage INTEGER NOT NULL,
    starts_at INTEGER,
    ended_at INTEGER,
    custom TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (app_id, cid)
) STRICT;

CREATE TABLE call_members (
    call INTEGER NOT NULL REFERENCES calls (key) ON DELETE CASCADE,
    user_id TEXT NOT NULL,
    role TEXT NOT NULL,
    custom TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (call, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX call_members_by_user ON call_members (user_id);
CREATE INDEX call_members_with_role ON call_members (role) WHERE role <> 'call_member';

-- What was said of one user on one call beside membership: survives leaving the call, and all but `granted` survives
-- the deletion of the user.
CREATE TABLE call_users (
    call INTEGER NOT NULL REFERENCES calls (key) ON DELETE CASCADE,
    user_id TEXT NOT NULL,
    blocked INTEGER NOT NULL,
    granted TEXT NOT NULL,
    revoked TEXT NOT NULL,
    PRIMARY KEY (call, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX call_users_by_user ON call_users (user_id);

CREATE TABLE channels (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    app_id INTEGER NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
    cid TEXT NOT NULL,
    created_by_id TEXT NOT NULL,
    team TEXT NOT NULL,
    frozen INTEGER NOT NULL,
    disabled INTEGER NOT NULL,
    cooldown INTEGER NOT NULL,
    override_grants TEXT NOT NULL,
    override_flags TEXT NOT NULL,
    custom TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (app_id, cid)
) STRICT;
CREATE INDEX channels_with_grants ON channels (app_id) WHERE override_grants <> '{}';

CREATE TABLE channel_members (
    channel INTEGER NOT NULL REFERENCES channels (key) ON DELETE CASCADE,
    user_id TEXT NOT NULL,
    channel_role TEXT NOT NULL,
    banned INTEGER NOT NULL,
    custom TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (channel, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX channel_members_by_user ON channel_members (user_id);
CREATE INDEX channel_members_with_role ON channel_members (channel_role) WHERE channel_role <> 'channel_member';

-- One row per touched thing; one transaction is one revision of its app. No reference to apps: the log outlives them.
CREATE TABLE changes (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    app_id INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT;

CREATE VIEW types_with_grants AS
SELECT app_id, scope, settings, created_at, updated_at, revision,
       (SELECT json_group_object(role, json(permissions))
          FROM grants WHERE grants.app_id = types.app_id AND grants.scope = types.scope) AS grants
  FROM types;
