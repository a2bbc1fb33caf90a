"""The raw body of a request for a sync endpoint: `body: bytes = Depends(raw_body)`."""

from fastapi import Request


async def raw_body(request: Request) -> bytes:
    """Return the body as it came; the guard has already held it to 1 MiB, a deadline and its media types."""
    return await request.body()
