"""The only place where the rooms are joined: the public app, the staff app, and both as one for development."""

from fastapi import FastAPI

from idservice.service import Service


def create_public_app(service: Service) -> FastAPI:
    """Return the app of the public listener: wallet protocols, agency API, public pages, residents' own acts."""
    raise NotImplementedError


def create_staff_app(service: Service) -> FastAPI:
    """Return the app of the staff listener: registrar API and console (threat model B2)."""
    raise NotImplementedError


def create_app(service: Service) -> FastAPI:
    """Return both on one port; refused outside dev by `serve`."""
    raise NotImplementedError
