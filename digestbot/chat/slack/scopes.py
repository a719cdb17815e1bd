"""The scopes the app asks for and why: the manifest and the doctor read the same table."""

SCOPES: dict[str, str] = {
    "app_mentions:read": "to answer when it is mentioned",
    "channels:history": "to find a message again whose answer was lost, in public channels",
    "channels:read": "to see whether a public channel can be reached",
    "chat:write": "to post digests",
    "commands": "for /digest and the shortcuts",
    "files:read": "to take in a list of feeds that somebody hands over",
    "files:write": "to hand over the list of feeds",
    "groups:history": "to find a message again whose answer was lost, in private channels",
    "groups:read": "to see whether a private channel can be reached",
    "im:write": "to send somebody a file alone",
    "usergroups:read": "to let a user group manage the digests",
    "users:read": "to know workspace admins and each reader's time zone",
}
