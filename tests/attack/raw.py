"""A listener as `serve` makes it, in the test's own event loop, and a peer that sends bytes as they are."""

import asyncio
from collections.abc import Awaitable, Callable

from starlette.types import ASGIApp
from uvicorn import Config
from uvicorn.server import ServerState

from idservice.protocol import GuardedProtocol

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[bytes]]


def talk(app: ASGIApp, story: Talk, *, seconds: float = 10) -> bytes:
    """Run `story` over one connection to `app` and return what it heard."""

    async def scenario() -> bytes:
        config = Config(app, http=GuardedProtocol, ws="none", interface="asgi3", log_config=None, proxy_headers=False)
        config.load()
        state = ServerState()
        server = await asyncio.get_running_loop().create_server(
            lambda: GuardedProtocol(config=config, server_state=state, app_state={}), "127.0.0.1", 0
        )
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        try:
            return await asyncio.wait_for(story(reader, writer), seconds)
        finally:
            writer.close()
            server.close()

    return asyncio.run(scenario())
