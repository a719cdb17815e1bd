"""The distributed engine: the pipeline's steps as jobs on PostgreSQL, run by any number of processes (Procrastinate).

A job is a wake-up call for one feed, story, subscription or delivery; the rows say what is due. It knows no step: it
is given functions that find work and do it. Nothing here knows the store; both only share the database.
"""

from digestbot.runtime.queue.connection import Queue, open_queue
from digestbot.runtime.queue.host_turns import PostgresTurns
from digestbot.runtime.queue.jobs import QueueDispatcher
from digestbot.runtime.queue.schema import prepare_queue, queue_version, require_queue
from digestbot.runtime.queue.worker import Workers

__all__ = [
    "PostgresTurns",
    "Queue",
    "QueueDispatcher",
    "Workers",
    "open_queue",
    "prepare_queue",
    "queue_version",
    "require_queue",
]
