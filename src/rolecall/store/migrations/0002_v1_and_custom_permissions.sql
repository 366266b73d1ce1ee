-- Policies of permission version v1: a JSON list of objects, highest priority first.
ALTER TABLE types ADD COLUMN policies TEXT NOT NULL DEFAULT '[]';

-- The channel types that are there get the built-in policies of their name. `team` has those of `messaging`, and so
-- has every type of the customers' own.
UPDATE types SET policies = CASE scope
    WHEN 'livestream' THEN json('[
        {"name": "Admins do everything", "priority": 999, "resources": ["CreateChannel", "ReadChannel",
         "UpdateChannelMembers", "UpdateChannel", "DeleteChannel", "CreateMessage", "UpdateMessage", "DeleteMessage",
         "BanUser", "UploadAttachment", "DeleteAttachment", "UseCommands", "AddLinks", "EditUser",
         "RunMessageAction"], "roles": ["admin"], "owner": false, "allow": true},
        {"name": "Owners manage their own", "priority": 80, "resources": ["UpdateMessage", "DeleteMessage",
         "EditUser", "DeleteAttachment"], "roles": [], "owner": true, "allow": true},
        {"name": "Everyone reads", "priority": 70, "resources": ["ReadChannel"], "roles": ["*"], "owner": false,
         "allow": true},
        {"name": "Users take part", "priority": 70, "resources": ["CreateChannel", "CreateMessage",
         "UploadAttachment", "UseCommands", "AddLinks", "RunMessageAction"], "roles": ["user", "channel_moderator",
         "channel_member"], "owner": false, "allow": true},
        {"name": "Moderators moderate", "priority": 60, "resources": ["UpdateMessage", "DeleteMessage", "BanUser",
         "DeleteAttachment"], "roles": ["channel_moderator"], "owner": false, "allow": true},
        {"name": "Everything else is denied", "priority": 1, "resources": ["*"], "roles": ["*"], "owner": false,
         "allow": false}
    ]')
    WHEN 'commerce' THEN json('[
        {"name": "Admins do everything", "priority": 999, "resources": ["CreateChannel", "ReadChannel",
         "UpdateChannelMembers", "UpdateChannel", "DeleteChannel", "CreateMessage", "UpdateMessage", "DeleteMessage",
         "BanUser", "UploadAttachment", "DeleteAttachment", "UseCommands", "AddLinks", "EditUser",
         "RunMessageAction"], "roles": ["admin"], "owner": false, "allow": true},
        {"name": "Owners manage their own", "priority": 80, "resources": ["UpdateMessage", "DeleteMessage",
         "EditUser", "ReadChannel", "UpdateChannelMembers", "DeleteAttachment"], "roles": [], "owner": true,
         "allow": true},
        {"name": "Members take part", "priority": 70, "resources": ["ReadChannel", "CreateChannel",
         "UploadAttachment", "AddLinks", "CreateMessage"], "roles": ["channel_member", "channel_moderator"],
         "owner": false, "allow": true},
        {"name": "Guests create channels", "priority": 60, "resources": ["CreateChannel", "UploadAttachment",
         "AddLinks"], "roles": ["guest"], "owner": false, "allow": true},
        {"name": "Moderators moderate", "priority": 50, "resources": ["UpdateChannelMembers", "UpdateChannel",
         "UpdateMessage", "DeleteMessage", "BanUser", "DeleteAttachment", "UploadAttachment", "AddLinks", "EditUser"],
         "roles": ["channel_moderator"], "owner": false, "allow": true},
        {"name": "Everything else is denied", "priority": 1, "resources": ["*"], "roles": ["*"], "owner": false,
         "allow": false}
    ]')
    WHEN 'gaming' THEN json('[
        {"name": "Admins do everything", "priority": 999, "resources": ["CreateChannel", "ReadChannel",
         "UpdateChannelMembers", "UpdateChannel", "DeleteChannel", "CreateMessage", "UpdateMessage", "DeleteMessage",
         "BanUser", "UploadAttachment", "DeleteAttachment", "UseCommands", "AddLinks", "EditUser",
         "RunMessageAction"], "roles": ["admin"], "owner": false, "allow": true},
        {"name": "Owners manage their own", "priority": 80, "resources": ["UpdateMessage", "DeleteMessage",
         "EditUser", "DeleteAttachment"], "roles": [], "owner": true, "allow": true},
        {"name": "Members take part", "priority": 70, "resources": ["ReadChannel", "CreateMessage",
         "UploadAttachment", "UseCommands", "AddLinks", "RunMessageAction"], "roles": ["channel_member",
         "channel_moderator"], "owner": false, "allow": true},
        {"name": "Moderators moderate", "priority": 60, "resources": ["UpdateMessage", "DeleteMessage", "BanUser",
         "DeleteAttachment", "UploadAttachment"], "roles": ["channel_moderator"], "owner": false, "allow": true},
        {"name": "Everything else is denied", "priority": 1, "resources": ["*"], "roles": ["*"], "owner": false,
         "allow": false}
    ]')
    ELSE json('[
        {"name": "Admins do everything", "priority": 999, "resources": ["CreateChannel", "ReadChannel",
         "UpdateChannelMembers", "UpdateChannel", "DeleteChannel", "CreateMessage", "UpdateMessage", "DeleteMessage",
         "BanUser", "UploadAttachment", "DeleteAttachment", "UseCommands", "AddLinks", "EditUser",
         "RunMessageAction"], "roles": ["admin"], "owner": false, "allow": true},
        {"name": "Anonymous users and guests do nothing", "priority": 90, "resources": ["*"], "roles": ["anonymous",
         "guest"], "owner": false, "allow": false},
        {"name": "Owners manage their own", "priority": 80, "resources": ["ReadChannel", "UpdateChannelMembers",
         "UpdateChannel", "DeleteChannel", "UpdateMessage", "DeleteMessage", "EditUser", "DeleteAttachment"],
         "roles": [], "owner": true, "allow": true},
        {"name": "Members take part", "priority": 70, "resources": ["ReadChannel", "CreateChannel", "CreateMessage",
         "UploadAttachment", "UseCommands", "AddLinks", "RunMessageAction"], "roles": ["channel_member",
         "channel_moderator"], "owner": false, "allow": true},
        {"name": "Users create channels", "priority": 60, "resources": ["CreateChannel"], "roles": ["user"],
         "owner": false, "allow": true},
        {"name": "Moderators moderate", "priority": 50, "resources": ["UpdateChannelMembers", "UpdateChannel",
         "UpdateMessage", "DeleteMessage", "BanUser", "DeleteAttachment", "UploadAttachment"],
         "roles": ["channel_moderator"], "owner": false, "allow": true},
        {"name": "Everything else is denied", "priority": 1, "resources": ["*"], "roles": ["*"], "owner": false,
         "allow": false}
    ]')
    END
 WHERE scope <> '.app' AND scope NOT GLOB 'video:*';

DROP VIEW types_with_grants;
CREATE VIEW types_with_grants AS
SELECT app_id, scope, settings, policies, created_at, updated_at, revision,
       (SELECT json_group_object(role, json(permissions))
          FROM grants WHERE grants.app_id = types.app_id AND grants.scope = types.scope) AS grants
  FROM types;

-- Custom permissions only.
CREATE TABLE permissions (
    app_id INTEGER NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    action TEXT NOT NULL,
    description TEXT NOT NULL,
    owner INTEGER NOT NULL,
    same_team INTEGER NOT NULL,
    condition TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (app_id, id),
    UNIQUE (app_id, name)
) STRICT;

-- What was there before each migration to permission version v2, the grants scope by scope: all at once they are large.
CREATE TABLE migrations (
    app_id INTEGER NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
    revision INTEGER NOT NULL,
    permission_version TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (app_id, revision)
) STRICT, WITHOUT ROWID;

CREATE TABLE migration_grants (
    app_id INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    scope TEXT NOT NULL,
    grants TEXT NOT NULL,
    PRIMARY KEY (app_id, revision, scope),
    FOREIGN KEY (app_id, revision) REFERENCES migrations (app_id, revision) ON DELETE CASCADE
) STRICT;
