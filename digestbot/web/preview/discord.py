"""Components V2 and embeds as HTML that looks like Discord; reads plain JSON, knows no chat library."""

from digestbot.domain.digest import Message
from digestbot.web.preview.markdown import inline, markdown
from digestbot.web.preview.markup import button, link

_STYLES = {1: "primary", 3: "success", 4: "danger"}


def body(message: Message) -> str:
    """Return what a message holds as HTML: its content, its embeds, its components."""
    content, embeds, components = (message.payload.get(name) for name in ("content", "embeds", "components"))
    pieces = [markdown(content) if isinstance(content, str) else ""]
    pieces += [_embed(embed) for embed in embeds] if isinstance(embeds, list) else []
    pieces += [_component(component) for component in components] if isinstance(components, list) else []
    return "".join(pieces)


def _component(node: object) -> str:
    """Return one component: 17 container, 10 text, 1 row, 9 section, 14 separator (Discord, "Component reference")."""
    html = ""
    match node:
        case {"type": 17, "components": list(inner), **rest}:
            html = _container("".join(_component(one) for one in inner), rest.get("accent_color"))
        case {"type": 10, "content": str(content)}:
            html = f'<div class="text">{markdown(content)}</div>'
        case {"type": 1, "components": list(inner)}:
            html = f'<div class="row">{"".join(_control(one) for one in inner)}</div>'
        case {"type": 9, "components": list(inner), **rest}:
            side = _control(rest.get("accessory"))
            html = f'<div class="section"><div>{"".join(map(_component, inner))}</div>{side}</div>'
        case {"type": 14, **rest}:
            html = "<hr>" if rest.get("divider", True) else '<div class="gap"></div>'
    return html


def _container(inner: str, colour: object) -> str:
    """Return a container; its coloured edge is drawn as a picture, for the page allows no inline style."""
    edge = ""
    if isinstance(colour, int):
        edge = (
            '<svg class="edge" viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden="true">'
            f'<rect width="1" height="1" fill="#{colour & 0xFFFFFF:06x}"/></svg>'
        )
    return f'<div class="container">{edge}{inner}</div>'


def _control(node: object) -> str:
    match node:
        case {"type": 2, "label": str(label), **rest}:
            style = _STYLES.get(int(str(rest.get("style") or 2)), "")
            shown = button(label, str(rest.get("custom_id") or ""))
            shown = shown.replace('class="button"', f'class="button {style}"', 1) if style else shown
            return link(str(rest.get("url") or ""), shown)
        case {"placeholder": str(label)}:
            return f'<span class="select">{inline(label)}</span>'
        case _:
            return ""


def _embed(node: object) -> str:
    if not isinstance(node, dict):
        return ""
    pieces: list[str] = []
    if isinstance(title := node.get("title"), str):
        pieces.append(f'<h6 class="h3" dir="auto">{link(str(node.get("url") or ""), inline(title))}</h6>')
    if isinstance(description := node.get("description"), str):
        pieces.append(markdown(description))
    for field in node.get("fields") or []:
        pieces.append(f'<p dir="auto"><strong>{inline(str(field.get("name")))}</strong></p>')
        pieces.append(markdown(str(field.get("value"))))
    match node.get("footer"):
        case {"text": str(text)}:
            pieces.append(f'<p class="small" dir="auto">{inline(text)}</p>')
    return _container("".join(pieces), node.get("color"))
