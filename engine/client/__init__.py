"""The way in for every client: find or start the engine, talk to it, hear its events."""

from engine.client.connection import EngineClient

__all__ = ["EngineClient"]
