-- What Stream's API takes and Rolecall has no use for is kept as a JSON object, and returned.
ALTER TABLE apps ADD COLUMN extras TEXT NOT NULL DEFAULT '{}';
ALTER TABLE types ADD COLUMN extras TEXT NOT NULL DEFAULT '{}';
ALTER TABLE users ADD COLUMN extras TEXT NOT NULL DEFAULT '{}';
ALTER TABLE calls ADD COLUMN extras TEXT NOT NULL DEFAULT '{}';
ALTER TABLE channels ADD COLUMN extras TEXT NOT NULL DEFAULT '{}';
ALTER TABLE channel_members ADD COLUMN extras TEXT NOT NULL DEFAULT '{}';

DROP VIEW types_with_grants;
CREATE VIEW types_with_grants AS
SELECT app_id, scope, settings, policies, extras, created_at, updated_at, revision,
       (SELECT json_group_object(role, json(permissions))
          FROM grants WHERE grants.app_id = types.app_id AND grants.scope = types.scope) AS grants
  FROM types;

-- Names of users may have to be unique, which every write then asks.
CREATE INDEX users_by_name ON users (app_id, json_extract(extras, '$.name'))
 WHERE json_extract(extras, '$.name') IS NOT NULL;

-- Answers show members of a call newest first, those of a channel oldest first.
CREATE INDEX call_members_by_age ON call_members (call, created_at);
CREATE INDEX channel_members_by_age ON channel_members (channel, created_at);

-- What searches look for first, and the orders they answer in when nothing else is asked.
CREATE INDEX calls_by_id ON calls (app_id, substr(cid, instr(cid, ':') + 1));
CREATE INDEX calls_by_creator ON calls (app_id, created_by_id);
CREATE INDEX channels_by_id ON channels (app_id, substr(cid, instr(cid, ':') + 1));
CREATE INDEX channels_by_creator ON channels (app_id, created_by_id);
CREATE INDEX users_by_age ON users (app_id, created_at);
CREATE INDEX calls_by_age ON calls (app_id, created_at);
CREATE INDEX channels_by_change ON channels (app_id, updated_at);

-- What became of work that clients ask about later; `result` is JSON.
CREATE TABLE tasks (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    app_id INTEGER NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
    id TEXT NOT NULL,
    status TEXT NOT NULL,
    result TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (app_id, id)
) STRICT;
CREATE INDEX tasks_by_age ON tasks (app_id, key);

-- Users that were deleted and are not there again: only a server makes them anew.
CREATE TABLE deleted_users (
    app_id INTEGER NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
    id TEXT NOT NULL,
    deleted_at INTEGER NOT NULL,
    PRIMARY KEY (app_id, id)
) STRICT, WITHOUT ROWID;
