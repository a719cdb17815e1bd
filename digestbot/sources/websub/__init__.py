"""WebSub: publishers' hubs tell when a feed changes (W3C Recommendation of 23 January 2018); knows no web server's app.

A push is a wake-up call: it makes its feed due, and the feed is then asked as always. So what a hub sends is never
parsed, a lost push costs only time, and feeds are polled slowly beside it.
"""

from digestbot.sources.websub.callback import PATH, Pushes, callback_routes, is_signed
from digestbot.sources.websub.hubs import Hubs

__all__ = ["PATH", "Hubs", "Pushes", "callback_routes", "is_signed"]
