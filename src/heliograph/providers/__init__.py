"""Who does the work: chat models and image models behind two small protocols."""

from heliograph.providers._base import (
    Arguments,
    ChatPart,
    ChatProvider,
    ChatTurn,
    Finish,
    FunctionCall,
    HostedCall,
    ImageJob,
    ImagePart,
    ImageProvider,
    ModelCard,
    Picture,
    Preview,
    Reasoning,
    Refusal,
    Text,
)
from heliograph.providers._catalog import Catalog, embedded

__all__ = [
    "Arguments",
    "Catalog",
    "ChatPart",
    "ChatProvider",
    "ChatTurn",
    "Finish",
    "FunctionCall",
    "HostedCall",
    "ImageJob",
    "ImagePart",
    "ImageProvider",
    "ModelCard",
    "Picture",
    "Preview",
    "Reasoning",
    "Refusal",
    "Text",
    "embedded",
]
