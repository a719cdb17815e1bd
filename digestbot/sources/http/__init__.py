"""One polite, safe client for everything that is fetched; knows no feed and no article."""

from digestbot.domain.addresses import shown
from digestbot.sources.http.addresses import AllowedHosts, guarded_socket, is_public
from digestbot.sources.http.client import Answer, PoliteClient, Validators, nobody_retries, user_agent
from digestbot.sources.http.host_gate import HostGate

__all__ = [
    "AllowedHosts",
    "Answer",
    "HostGate",
    "PoliteClient",
    "Validators",
    "guarded_socket",
    "is_public",
    "nobody_retries",
    "shown",
    "user_agent",
]
