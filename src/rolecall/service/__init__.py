"""What Rolecall does: answers (authorizer), writes (administration), callers (tokens) and the index they read."""
