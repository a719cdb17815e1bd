"""The scopes the app asks for and why: the manifest and the doctor read the same table."""

SCOPES: dict[str, str] = {
    "app_mentions:read": "to answer when it is mentioned",
    "channels:history": "to find a message again whose answer was lost, in public channels",
    "channels:read": "to see whether a public channel can be reached",
    "chat:write": "to post digests",
    "commands": "for /digest and the shortcuts",
    "groups:history": "to find a message again whose answer was lost, in private channels",
    "groups:read": "to see whether a private channel can be reached",
    "users:read": "to know workspace admins and each reader's time zone",
}
