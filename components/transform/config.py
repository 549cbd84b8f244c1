"""Settings of the Transform step."""

from pydantic import Field

from components.settings import Settings


class ImageTransform(Settings):
    """How a photo becomes the tensor that the network sees.

    Attributes:
        image_size: Height and width of the tensor, in pixels. MobileNetV2 halves it five times, so 32 is the least.
    """

    image_size: int = Field(default=160, ge=32, le=1024)
