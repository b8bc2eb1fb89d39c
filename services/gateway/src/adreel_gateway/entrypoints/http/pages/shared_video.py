"""The pages behind a share link: a player, or the news that the link is closed."""

from html import escape

_STYLE = (
    "body{margin:0;min-height:100vh;display:grid;place-items:center;background:#14171a;color:#e8e6e1;"
    "font:16px/1.5 system-ui,sans-serif}main{width:min(92vw,1100px)}video{width:100%;max-height:78vh;"
    "background:#000;border-radius:6px}h1{font-size:1.2rem;font-weight:600;margin:0 0 .8rem}"
)


def player_page(title: str, video_url: str) -> str:
    """A page that plays the film at `video_url`; `title` may be any text."""
    return _page(
        title, f'<video controls playsinline preload="metadata" src="{escape(video_url, quote=True)}"></video>'
    )


def gone_page() -> str:
    """A page for a link that expired or was revoked."""
    return _page("This link is closed", "<p>It has expired or was revoked. Ask its sender for a new one.</p>")


def _page(title: str, content: str) -> str:
    name = escape(title)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{name}</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<meta name="robots" content="noindex"><style>{_STYLE}</style></head>'
        f"<body><main><h1>{name}</h1>{content}</main></body></html>"
    )
