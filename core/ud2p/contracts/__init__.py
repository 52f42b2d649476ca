"""The contracts that plugins keep. All are public; those with one implementation say that they are provisional."""

from ud2p.contracts.cipher import Buffer, Cipher, CipherInfo, CopyingCipher
from ud2p.contracts.command import CommandContext, CommandInfo
from ud2p.contracts.directory import Claim, Directory, DirectoryInfo, DirectoryPage, Entry, NameStore
from ud2p.contracts.file_transfer import (
    FileLink,
    FileTransfer,
    FileTransferInfo,
    Opener,
    Progress,
    Sealer,
    StreamId,
)
from ud2p.contracts.files import FileEntry, FileOffer, Receipt, Source
from ud2p.contracts.gate import (
    Decision,
    InvitationRequest,
    InviteRequest,
    LoginRequest,
    Refuse,
    Veto,
)
from ud2p.contracts.option import Option, Options, OptionValue
from ud2p.contracts.theme import Line, Span, Theme, ThemeInfo
from ud2p.contracts.transport import Address, Candidate, Endpoint, ReceiveDatagrams, Transport, TransportInfo

__all__ = [
    "Address",
    "Buffer",
    "Candidate",
    "Cipher",
    "CipherInfo",
    "Claim",
    "CommandContext",
    "CommandInfo",
    "CopyingCipher",
    "Decision",
    "Directory",
    "DirectoryInfo",
    "DirectoryPage",
    "Endpoint",
    "Entry",
    "FileEntry",
    "FileLink",
    "FileOffer",
    "FileTransfer",
    "FileTransferInfo",
    "InvitationRequest",
    "InviteRequest",
    "Line",
    "LoginRequest",
    "NameStore",
    "Opener",
    "Option",
    "OptionValue",
    "Options",
    "Progress",
    "Receipt",
    "ReceiveDatagrams",
    "Refuse",
    "Sealer",
    "Source",
    "Span",
    "StreamId",
    "Theme",
    "ThemeInfo",
    "Transport",
    "TransportInfo",
    "Veto",
]
