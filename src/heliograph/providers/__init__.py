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

__all__ = [
    "Arguments",
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
]
