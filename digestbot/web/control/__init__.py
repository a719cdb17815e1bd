"""The control room: how feeds, deliveries, the queue and the model are doing."""

from digestbot.web.control.status import routes

__all__ = ["routes"]
