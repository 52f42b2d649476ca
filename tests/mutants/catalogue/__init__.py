"""Every defence that can be taken out with a few words, by room."""

from __future__ import annotations

from tests.mutants.catalogue import broker, client, files, handshake, paths, plugins, records
from tests.mutants.mutant import Mutant

MUTANTS: tuple[Mutant, ...] = (
    *handshake.MUTANTS,
    *records.MUTANTS,
    *paths.MUTANTS,
    *client.MUTANTS,
    *broker.MUTANTS,
    *plugins.MUTANTS,
    *files.MUTANTS,
)
