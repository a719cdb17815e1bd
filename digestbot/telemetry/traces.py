"""Traces, where somebody wants them: OpenTelemetry spans around steps and pages, sent over OTLP; else nothing at all.

Without the ``otel`` extra, or without an endpoint, :func:`traced` hands out one shared context that does nothing.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from digestbot import __version__
from digestbot.domain.errors import ConfigError

Start = Callable[[str, dict[str, Any]], AbstractContextManager[Any]]
NOTHING: AbstractContextManager[Any] = nullcontext()
_start: list[Start] = []


def traced(name: str, **attributes: str | float | bool) -> AbstractContextManager[Any]:
    """Return a context that is one span of a trace, or one that does nothing where nobody traces."""
    return _start[-1](name, attributes) if _start else NOTHING


def configure_tracing(endpoint: str) -> Callable[[], None]:
    """Send spans to an OTLP/HTTP endpoint from now on; return what ends it, sending what is left.

    Args:
        endpoint: The collector's address for traces, such as ``http://127.0.0.1:4318/v1/traces``.

    Raises:
        ConfigError: The ``otel`` extra is not installed.

    """
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - optional
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 - optional
    except ImportError as error:
        raise ConfigError(
            ["log.traces: needs OpenTelemetry, which is not installed"], hint="pip install 'digestbot[otel]'"
        ) from error
    return start_tracing(BatchSpanProcessor(OTLPSpanExporter(endpoint)))


def start_tracing(processor: Any) -> Callable[[], None]:
    """Hand spans to an OpenTelemetry span processor from now on; return what ends it."""
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 - optional
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 - optional

    resource = Resource.create({"service.name": "digestbot", "service.version": __version__})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(processor)
    tracer = provider.get_tracer("digestbot", __version__)

    def start(name: str, attributes: dict[str, Any]) -> AbstractContextManager[Any]:
        return tracer.start_as_current_span(name, attributes=attributes)

    def end() -> None:
        _start.remove(start)
        provider.shutdown()

    _start.append(start)
    return end
